let page: Promise<string> | null = null;

/** GraphiQL with all that it needs inside: it works without a network. Large, so read when first asked for. */
export function graphiqlPage(): Promise<string> {
  page ??= import('@graphql-yoga/render-graphiql').then(({ renderGraphiQL }) =>
    renderGraphiQL({ title: 'Roost graph', endpoint: '/graphql', defaultQuery: WELCOME }),
  );
  return page;
}

const WELCOME = `# The one graph of Roost. Put an access token into the headers below:
# { "authorization": "Bearer ..." }
{
  me {
    id
    displayName
  }
}
`;
