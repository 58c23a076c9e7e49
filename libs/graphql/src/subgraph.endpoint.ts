import type { FastifyReply, FastifyRequest } from 'fastify';
import { type DocumentNode, execute, type GraphQLError, type GraphQLSchema, parse, validate } from 'graphql';
import type { Logger } from 'pino';
import { z } from 'zod';
import { type AccessTokens, toProblem } from '@roost/http';
import { loggable, Problem } from '@roost/platform';
import { formatProblem, type GraphqlAnswer, invalidDocument, problemOf } from './errors.js';
import { type DocumentLimits, refuseCostlyDocument, refuseHugeText } from './limits.js';

const Request = z.object({
  query: z.string(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});

const MOST_REMEMBERED = 500;
const MOST_REPORTED = 50;

/** The gateway plans what comes here, and limits its callers; this holds against everybody else. */
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

/** Answers operations on the schema of one service. */
export class SubgraphEndpoint {
  readonly #documents = new Map<string, DocumentNode>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly parts: Parts,
  ) {}

  async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
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
      // Variables that don't fit leave no data at all.
      if (data === undefined) reply.code(400);
      return reply.send(
        JSON.stringify({
          ...(data === undefined ? {} : { data }),
          errors: errors.slice(0, MOST_REPORTED).map((error) => this.#report(error, request)),
        } satisfies GraphqlAnswer),
      );
    } catch (error) {
      const problem = toProblem(error);
      roost.log.code = problem.code;
      if (problem.status >= 500) this.#complain(error, problem, request);
      const answer: GraphqlAnswer = { errors: [formatProblem(problem, roost.traceId)] };
      return reply.code(problem.status).headers(problem.headers).send(JSON.stringify(answer));
    }
  }

  /** The gateway sends few different texts, each very often. */
  #document(text: string): DocumentNode {
    const known = this.#documents.get(text);
    if (known) return known;
    const limits = { ...LIMITS, introspection: this.parts.introspection };
    const document = check(() => {
      refuseHugeText(text, limits);
      const parsed = parse(text, { noLocation: true });
      refuseCostlyDocument(parsed, limits);
      return parsed;
    });
    const [first] = validate(this.schema, document, undefined, { maxErrors: 1 });
    if (first) throw invalidDocument(first.message);
    if (this.#documents.size >= MOST_REMEMBERED) this.#documents.clear();
    this.#documents.set(text, document);
    return document;
  }

  #report(error: GraphQLError, request: FastifyRequest) {
    const problem = problemOf(error);
    const { roost } = request;
    roost.log.code ??= problem.code;
    if (problem.status >= 500) this.#complain(error.originalError, problem, request);
    return formatProblem(problem, roost.traceId, error.path ? { path: error.path } : {});
  }

  #complain(error: unknown, { code }: Problem, { roost }: FastifyRequest): void {
    const { requestId, traceId } = roost;
    this.parts.logger.error({ err: loggable(error), requestId, traceId, code }, 'operation failed');
  }
}

/** What the reader of a document throws is about the document. */
function check<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof Problem ? error : invalidDocument((error as Error).message);
  }
}

function readRequest(body: unknown): z.output<typeof Request> {
  const request = Request.safeParse(body);
  if (!request.success) throw invalidDocument('Must be one operation: { query, variables, operationName }');
  return request.data;
}
