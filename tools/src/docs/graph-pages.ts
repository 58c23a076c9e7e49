import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';

const RELEASE = /^apps\/gateway\/release\/(\w+)\.graphql$/;

/** The one graph that clients see, and how it is put together of the services' parts. */
export function graphPages(documents: ReadonlyMap<string, string>): Map<string, string> {
  const parts = [...documents].flatMap(([path, sdl]) => {
    const name = RELEASE.exec(path)?.[1];
    return name ? [{ name, url: `http://${name}/graphql`, typeDefs: parse(sdl) }] : [];
  });
  const graph = composeServices(parts);
  if (!graph.supergraphSdl)
    throw new Error(
      `The services' schemas do not fit together:\n  ${graph.errors?.map(String).join('\n  ')}`,
    );
  return new Map([
    ['docs/graph/schema.graphql', graph.publicSdl],
    ['docs/graph/supergraph.graphql', graph.supergraphSdl],
  ]);
}
