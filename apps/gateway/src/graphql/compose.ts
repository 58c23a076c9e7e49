import { composeServices } from '@theguild/federation-composition';
import { buildASTSchema, type GraphQLSchema, Kind, parse, print, visit } from 'graphql';

export interface Supergraph {
  sdl: string;
  schema: GraphQLSchema;
}

/** One graph of the services' parts; throws what keeps them from fitting together. */
export function compose(parts: ReadonlyMap<string, string>): Supergraph {
  const result = composeServices(
    [...parts].map(([name, sdl]) => ({ name, url: `http://${name}/graphql`, typeDefs: parse(sdl) })),
  );
  if (!result.supergraphSdl)
    throw new Error((result.errors ?? []).map(({ message }) => message).join('; ') || 'nothing to compose');
  return {
    sdl: result.supergraphSdl,
    schema: buildASTSchema(result.supergraphDocumentNode, { assumeValid: true }),
  };
}

/** The same text for the same schema, however it is laid out. */
export function normalized(sdl: string): string {
  return print(visit(parse(sdl), { [Kind.STRING]: (node) => ({ ...node, block: false }) }));
}
