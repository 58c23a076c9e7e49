import type { FastifyReply, FastifyRequest } from 'fastify';
import { type DocumentNode, execute, type GraphQLError, type GraphQLSchema, parse, validate } from 'graphql';
import type { Logger } from 'pino';
import { z } from 'zod';
import { type AccessTokens, toProblem } from '@roost/http';
import { Problem } from '@roost/platform';
import { formatProblem, type GraphqlResponse, invalidDocument, problemOf } from './errors.js';
import { type DocumentLimits, checkDocumentLimits, checkTextLimits } from './limits.js';

const Request = z.object({
  query: z.string(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});

const MAX_CACHED_DOCUMENTS = 500;
const MAX_REPORTED_ERRORS = 50;

/** Limits for direct callers. The gateway plans its operations and has stricter limits for its own callers. */
const LIMITS: Omit<DocumentLimits, 'introspection'> = {
  maxCharacters: 200_000,
  maxTokens: 20_000,
  maxDepth: 20,
  maxAliases: 1_000,
  maxRootFields: 200,
  maxFields: 5_000,
};

interface Parts {
  tokens: AccessTokens;
  logger: Logger;
  introspection: boolean;
}

/** The GraphQL endpoint of one service. */
export class SubgraphEndpoint {
  readonly #documents = new Map<string, DocumentNode>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly parts: Parts,
  ) {}

  async handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { roost } = request;
    reply.type('application/json; charset=utf-8');
    try {
      const { query, operationName, variables } = readRequest(request.body);
      const document = this.#document(query);
      roost.user = await this.parts.tokens.userOf(request);
      if (operationName) roost.log.operation = operationName.slice(0, 100);
      const result = await execute({
        schema: this.schema,
        document,
        contextValue: { req: request },
        variableValues: variables ?? {},
        operationName: operationName ?? null,
      });
      const { data, errors } = result;
      if (!errors) return reply.send(JSON.stringify({ data }));
      // Invalid variables: the result has no data.
      if (data === undefined) reply.code(400);
      return reply.send(
        JSON.stringify({
          ...(data === undefined ? {} : { data }),
          errors: errors.slice(0, MAX_REPORTED_ERRORS).map((error) => this.#report(error, request)),
        } satisfies GraphqlResponse),
      );
    } catch (error) {
      const problem = toProblem(error);
      roost.log.code = problem.code;
      if (problem.status >= 500) this.#logError(error, problem, request);
      const response: GraphqlResponse = { errors: [formatProblem(problem, roost.traceId)] };
      return reply.code(problem.status).headers(problem.headers).send(JSON.stringify(response));
    }
  }

  /** Cached by text: the gateway sends a small number of documents repeatedly. */
  #document(text: string): DocumentNode {
    const cached = this.#documents.get(text);
    if (cached) return cached;
    const limits = { ...LIMITS, introspection: this.parts.introspection };
    const document = asInvalidDocument(() => {
      checkTextLimits(text, limits);
      const parsed = parse(text, { noLocation: true });
      checkDocumentLimits(parsed, limits);
      return parsed;
    });
    const [first] = validate(this.schema, document, undefined, { maxErrors: 1 });
    if (first) throw invalidDocument(first.message);
    if (this.#documents.size >= MAX_CACHED_DOCUMENTS) this.#documents.clear();
    this.#documents.set(text, document);
    return document;
  }

  #report(error: GraphQLError, request: FastifyRequest) {
    const problem = problemOf(error);
    const { roost } = request;
    roost.log.code ??= problem.code;
    if (problem.status >= 500) this.#logError(error.originalError, problem, request);
    return formatProblem(problem, roost.traceId, error.path ? { path: error.path } : {});
  }

  #logError(error: unknown, { code }: Problem, { roost }: FastifyRequest): void {
    const { requestId, traceId } = roost;
    this.parts.logger.error({ err: error, requestId, traceId, code }, 'operation failed');
  }
}

/** Converts the errors of parsing and limits to 400 `request.invalid`. */
function asInvalidDocument<T>(parseDocument: () => T): T {
  try {
    return parseDocument();
  } catch (error) {
    throw error instanceof Problem ? error : invalidDocument((error as Error).message);
  }
}

function readRequest(body: unknown): z.output<typeof Request> {
  const request = Request.safeParse(body);
  if (!request.success) throw invalidDocument('Must be one operation: { query, variables, operationName }');
  return request.data;
}
