import { contentSecurityPolicy } from '@roost/http';

/** All scripts, styles and fonts of GraphiQL are inline; its editor runs workers from blobs. */
export const GRAPHIQL_POLICY = contentSecurityPolicy({
  'script-src': "'unsafe-inline' blob:",
  'style-src': "'unsafe-inline'",
  'img-src': "'self' data:",
  'font-src': 'data:',
  'worker-src': 'blob:',
  'connect-src': "'self'",
});

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
