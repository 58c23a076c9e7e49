import { composeServices } from '@theguild/federation-composition';
import { buildASTSchema, type GraphQLSchema, Kind, parse, print, visit } from 'graphql';

export interface Supergraph {
  sdl: string;
  schema: GraphQLSchema;
}

/** Composes the supergraph of the services' subgraphs. Throws the composition errors. */
export function compose(subgraphs: ReadonlyMap<string, string>): Supergraph {
  const result = composeServices(
    [...subgraphs].map(([name, sdl]) => ({ name, url: `http://${name}/graphql`, typeDefs: parse(sdl) })),
  );
  if (!result.supergraphSdl)
    throw new Error((result.errors ?? []).map(({ message }) => message).join('; ') || 'nothing to compose');
  return {
    sdl: result.supergraphSdl,
    schema: buildASTSchema(result.supergraphDocumentNode, { assumeValid: true }),
  };
}

/** The same text for the same schema, independent of its formatting. */
export function normalizeSdl(sdl: string): string {
  return print(visit(parse(sdl), { [Kind.STRING]: (node) => ({ ...node, block: false }) }));
}
