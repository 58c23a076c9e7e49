let page: Promise<string> | null = null;

/** The GraphiQL page, with all its assets inline. It is large, so it is loaded on the first request. */
export function graphiqlPage(): Promise<string> {
  page ??= import('@graphql-yoga/render-graphiql').then(({ renderGraphiQL }) =>
    renderGraphiQL({ title: 'Roost graph', endpoint: '/graphql', defaultQuery: WELCOME }),
  );
  return page;
}

const WELCOME = `# The graph of Roost. Add an access token to the headers below:
# { "authorization": "Bearer ..." }
{
  me {
    id
    displayName
  }
}
`;
