import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type DocumentLimits, invalidDocument, checkDocumentLimits, checkTextLimits } from '@roost/graphql';
import { CONFIG, type Config, Problem } from '@roost/platform';
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
import { costOf, checkCost } from './operation-cost.js';
import { PersistedOperations } from './persisted-operations.js';

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
const MAX_CACHED_DOCUMENTS = 1_000;

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
  /** The number of values that it can load, see `costOf`. */
  cost: number;
  /** The response keys of the root fields. */
  rootKeys: string[];
}

interface CheckedDocument {
  document: DocumentNode;
  definition: OperationDefinitionNode;
}

/** Parses a GraphQL request and checks it against the limits, the cheapest checks first. */
@Injectable()
export class OperationParser {
  readonly introspection: boolean;
  /** Checked documents by text, for `cachedFor`. */
  private cache = new Map<string, CheckedDocument>();
  private cachedFor: GraphQLSchema | null = null;

  constructor(
    @Inject(CONFIG) config: Config<typeof GatewayConfig>,
    private readonly persisted: PersistedOperations,
  ) {
    this.introspection = config.GRAPHQL_INTROSPECTION
      ? config.GRAPHQL_INTROSPECTION === 'true'
      : config.ROOST_ENV !== 'production';
  }

  /** Throws 400 `request.invalid` or 404 `graphql.operation_unknown`. */
  async parse(body: unknown, schema: GraphQLSchema): Promise<Operation> {
    if (Array.isArray(body)) throw invalidDocument('Send one operation per request');
    const request = Request.safeParse(body);
    if (!request.success) throw invalidDocument('Must be one operation: { query, variables, operationName }');
    const { query, operationName, variables, extensions } = request.data;
    const hash = extensions?.persistedQuery?.sha256Hash;
    const text = query ?? (hash && (await this.persisted.find(hash)));
    if (!text && hash) throw new Problem('graphql.operation_unknown', 'PersistedQueryNotFound');
    if (!text) throw invalidDocument('Must have a query');
    if (hash && query && createHash('sha256').update(query).digest('hex') !== hash)
      throw invalidDocument('The hash does not match the query');
    const { document, definition } = asInvalidDocument(() => this.documentOf(text, schema));
    const { checked, cost } = asInvalidDocument(() => {
      const values = getVariableValues(schema, definition.variableDefinitions ?? [], variables ?? {}, {
        maxErrors: 1,
      });
      if (values.errors?.[0]) throw values.errors[0];
      const checked = values.coerced ?? {};
      const cost = costOf(schema, document, checked);
      checkCost(cost, MAX_COST);
      return { checked, cost };
    });
    if (operationName && definition.name?.value !== operationName)
      throw invalidDocument('The document has no operation with this name');
    if (hash && query) await this.persisted.store(hash, query);
    return {
      document,
      type: definition.operation as 'query' | 'mutation',
      name: definition.name?.value,
      cost,
      // Without defaults: the services apply them.
      variables: Object.fromEntries(Object.entries(variables ?? {}).filter(([name]) => name in checked)),
      rootKeys: rootKeysOf(document, definition.selectionSet),
    };
  }

  /** Cached: clients send the same documents repeatedly. */
  private documentOf(text: string, schema: GraphQLSchema): CheckedDocument {
    if (this.cachedFor !== schema || this.cache.size >= MAX_CACHED_DOCUMENTS) {
      this.cache = new Map();
      this.cachedFor = schema;
    }
    const cached = this.cache.get(text);
    if (cached) return cached;
    const limits = { ...LIMITS, introspection: this.introspection };
    checkTextLimits(text, limits);
    const document = parse(text, { noLocation: true });
    checkDocumentLimits(document, limits);
    const [error] = validate(schema, document, undefined, { maxErrors: 1 });
    if (error) throw error;
    const definition = document.definitions.find(
      (it): it is OperationDefinitionNode => it.kind === Kind.OPERATION_DEFINITION,
    );
    if (!definition) throw new GraphQLError('Send one operation per request');
    const checked = { document, definition };
    this.cache.set(text, checked);
    return checked;
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

/** Converts errors to 400 `request.invalid`, without suggestions: they would reveal the schema. */
function asInvalidDocument<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw invalidDocument((error as Error).message.replace(/ Did you mean [\s\S]*$/, ''));
  }
}
