import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';

const RELEASE = /^apps\/gateway\/release\/(\w+)\.graphql$/;

/**
 * The public schema of the gateway. Fails if the schemas of the services do not compose. The gateway composes the supergraph
 * from `release/` itself, so no file contains it.
 */
export function graphPages(documents: ReadonlyMap<string, string>): Map<string, string> {
  const subgraphs = [...documents].flatMap(([path, sdl]) => {
    const name = RELEASE.exec(path)?.[1];
    return name ? [{ name, url: `http://${name}/graphql`, typeDefs: parse(sdl) }] : [];
  });
  const graph = composeServices(subgraphs);
  if (!graph.supergraphSdl)
    throw new Error(
      `The schemas of the services do not compose:\n  ${graph.errors?.map(String).join('\n  ')}`,
    );
  return new Map([['docs/graph/schema.graphql', graph.publicSdl]]);
}
