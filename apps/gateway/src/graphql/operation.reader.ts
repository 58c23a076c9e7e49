import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type DocumentLimits, invalidDocument, refuseCostlyDocument, refuseHugeText } from '@roost/graphql';
import { CONFIG, type Config, Problem, REDIS, type Redis } from '@roost/platform';
import {
  type DocumentNode,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  validate,
} from 'graphql';
import { z } from 'zod';
import type { GatewayConfig } from '../config.js';
import { costOf, refuseCost } from './cost.js';

export const MAX_REQUEST_BYTES = 200_000;
const LIMITS: Omit<DocumentLimits, 'introspection'> = {
  maxCharacters: 50_000,
  maxTokens: 4_000,
  maxDepth: 10,
  maxAliases: 50,
  maxRootFields: 20,
  maxFields: 500,
};
const MAX_COST = 10_000;
const MOST_REMEMBERED = 1_000;
const PERSISTED_SECONDS = 7 * 24 * 3600;

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Request = z.object({
  query: z.string().nullish(),
  operationName: z.string().max(200).nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  extensions: z
    .object({ persistedQuery: z.object({ version: z.literal(1), sha256Hash: Hash }).optional() })
    .nullish(),
});

export interface Operation {
  document: DocumentNode;
  type: 'query' | 'mutation';
  name: string | undefined;
  variables: Record<string, unknown>;
  /** The names under which its root fields answer. */
  rootKeys: string[];
}

interface Known {
  document: DocumentNode;
  definition: OperationDefinitionNode;
}

/** Turns what a client sends into an operation that may be run, or refuses it as early and cheaply as it can. */
@Injectable()
export class OperationReader {
  readonly introspection: boolean;
  /** By text, for the schema that they were checked against. */
  private known = new Map<string, Known>();
  private knownFor: GraphQLSchema | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: Config<typeof GatewayConfig>,
    @Inject(REDIS) private readonly redis: Redis,
  ) {
    this.introspection = config.GRAPHQL_INTROSPECTION
      ? config.GRAPHQL_INTROSPECTION === 'true'
      : config.ROOST_ENV !== 'production';
  }

  async read(body: unknown, schema: GraphQLSchema): Promise<Operation> {
    if (Array.isArray(body)) throw invalidDocument('Send one operation per request');
    const request = Request.safeParse(body);
    if (!request.success) throw invalidDocument('Must be one operation: { query, variables, operationName }');
    const { query, operationName, variables, extensions } = request.data;
    const hash = extensions?.persistedQuery?.sha256Hash;
    const text = query ?? (hash && (await this.redis.getex(this.keyOf(hash), 'EX', PERSISTED_SECONDS)));
    if (!text && hash) throw new Problem('graphql.operation_unknown', 'PersistedQueryNotFound');
    if (!text) throw invalidDocument('Must have a query');
    if (hash && query && createHash('sha256').update(query).digest('hex') !== hash)
      throw invalidDocument('The hash is not that of the query');
    const { document, definition } = refusing(() => this.documentOf(text, schema));
    const checked = refusing(() => {
      const values = getVariableValues(schema, definition.variableDefinitions ?? [], variables ?? {}, {
        maxErrors: 1,
      });
      if (values.errors?.[0]) throw values.errors[0];
      refuseCost(costOf(schema, document, values.coerced ?? {}), MAX_COST);
      return values.coerced ?? {};
    });
    if (operationName && definition.name?.value !== operationName)
      throw invalidDocument('There is no operation of this name in the document');
    if (hash && query) await this.redis.set(this.keyOf(hash), query, 'EX', PERSISTED_SECONDS);
    return {
      document,
      type: definition.operation as 'query' | 'mutation',
      name: definition.name?.value,
      // Defaults are filled in where the operation runs.
      variables: Object.fromEntries(Object.entries(variables ?? {}).filter(([name]) => name in checked)),
      rootKeys: rootKeysOf(document, definition.selectionSet),
    };
  }

  /** Clients send the same few texts all the time. */
  private documentOf(text: string, schema: GraphQLSchema): Known {
    if (this.knownFor !== schema || this.known.size >= MOST_REMEMBERED) {
      this.known = new Map();
      this.knownFor = schema;
    }
    const known = this.known.get(text);
    if (known) return known;
    const limits = { ...LIMITS, introspection: this.introspection };
    refuseHugeText(text, limits);
    const document = parse(text, { noLocation: true });
    refuseCostlyDocument(document, limits);
    const [error] = validate(schema, document, undefined, { maxErrors: 1 });
    if (error) throw error;
    const definition = document.definitions.find(
      (it): it is OperationDefinitionNode => it.kind === Kind.OPERATION_DEFINITION,
    );
    if (!definition) throw new GraphQLError('Send one operation per request');
    const fresh = { document, definition };
    this.known.set(text, fresh);
    return fresh;
  }

  private keyOf(hash: string): string {
    return `${this.config.REDIS_PREFIX}:graphql:${hash}`;
  }
}

function rootKeysOf(document: DocumentNode, set: SelectionSetNode): string[] {
  const keys = set.selections.flatMap((selection): string[] => {
    if (selection.kind === Kind.FIELD) return [selection.alias?.value ?? selection.name.value];
    if (selection.kind === Kind.INLINE_FRAGMENT) return rootKeysOf(document, selection.selectionSet);
    const fragment = document.definitions.find(
      (it) => it.kind === Kind.FRAGMENT_DEFINITION && it.name.value === selection.name.value,
    );
    return fragment?.kind === Kind.FRAGMENT_DEFINITION ? rootKeysOf(document, fragment.selectionSet) : [];
  });
  return [...new Set(keys)];
}

/** What the parser and the rules throw tells where the document is wrong; suggestions would tell the schema. */
function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw invalidDocument((error as Error).message.replace(/ Did you mean [\s\S]*$/, ''));
  }
}
