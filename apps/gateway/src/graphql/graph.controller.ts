import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { formatProblem, type GraphqlResponse } from '@roost/graphql';
import { AccessTokens, Public } from '@roost/http';
import {
  CONFIG,
  type Config,
  isErrorCode,
  LOGGER,
  Problem,
  timeoutSignal,
  unavailable,
} from '@roost/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import type { GatewayConfig } from '../config.js';
import { requestsOf } from '../proxy/domain/rate-limits.js';
import { RateLimiter } from '../proxy/rate-limiter.js';
import { SupergraphRegistry } from './supergraph-registry.js';
import { GRAPHIQL_POLICY, graphiqlPage } from './graphiql.page.js';
import { MAX_REQUEST_BYTES, type Operation, OperationParser } from './operation-parser.js';

const TIMEOUT_MS = 25_000;
const MAX_REPORTED_ERRORS = 50;

/** GraphQL over HTTP. The gateway verifies the token; the services authorize each field. */
@Controller('graphql')
export class GraphController {
  constructor(
    private readonly graphs: SupergraphRegistry,
    private readonly parser: OperationParser,
    private readonly tokens: AccessTokens,
    private readonly limiter: RateLimiter,
    @Inject(CONFIG) private readonly config: Config<typeof GatewayConfig>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  // Public, because some fields are: the services authorize. An invalid token is rejected in `respond`.
  @Public()
  @Post()
  async run(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { roost } = request;
    reply.type('application/json; charset=utf-8');
    try {
      const response = await this.respond(request, reply);
      reply.code(200).send(JSON.stringify(response));
    } catch (error) {
      const problem = error instanceof Problem ? error : this.unexpected(error, request);
      roost.log.code = problem.code;
      const response: GraphqlResponse = { errors: [formatProblem(problem, roost.traceId)] };
      // The rest of an unread body would block the connection.
      if (!request.raw.readableEnded) reply.header('connection', 'close');
      reply.code(problem.status).headers(problem.headers).send(JSON.stringify(response));
    }
  }

  @Public()
  @Get()
  async page(@Res() reply: FastifyReply): Promise<void> {
    if (this.config.ROOST_ENV === 'production' && !this.parser.introspection)
      throw new Problem('route.not_found');
    reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-cache')
      .header('content-security-policy', GRAPHIQL_POLICY)
      .send(await graphiqlPage());
  }

  private async respond(request: FastifyRequest, reply: FastifyReply): Promise<GraphqlResponse> {
    const { roost } = request;
    try {
      roost.user = await this.tokens.userOf(request);
    } finally {
      await this.limiter.consume(request, reply, '/graphql');
    }
    const graph = this.graphs.current();
    if (!graph) throw unavailable('The graph is not ready yet');
    const operation = await this.parser.parse(await readBody(request), graph.schema);
    if (operation.name) roost.log.operation = operation.name;
    const max = this.limiter.maxOf(request, '/graphql');
    const requests = requestsOf({ ...operation, rootFields: operation.rootKeys.length }, max);
    await this.limiter.consumeMore(request, reply, '/graphql', requests - 1);
    const result = await graph.execute({
      document: operation.document,
      variables: operation.variables,
      operationType: operation.type,
      operationName: operation.name,
      context: { request, signal: timeoutSignal(TIMEOUT_MS) },
    });
    return this.toResponse(result, operation, request);
  }

  private toResponse(
    { data, errors }: ExecutionResult,
    { rootKeys }: Operation,
    { roost }: FastifyRequest,
  ): GraphqlResponse {
    // Without data from any service, the executor returns none; root fields are nullable.
    const response: GraphqlResponse = {
      data: data ?? Object.fromEntries(rootKeys.map((key) => [key, null])),
    };
    if (errors?.length) {
      response.errors = errors
        .slice(0, MAX_REPORTED_ERRORS)
        .map((error) => this.report(error, roost.traceId));
      roost.log.code ??= response.errors[0]?.extensions?.code;
    }
    return response;
  }

  /** Errors of services are forwarded. Errors of the gateway are logged and reported as `internal`. */
  private report(
    { message, path, extensions }: GraphQLFormattedError,
    traceId: string,
  ): GraphQLFormattedError {
    const { code } = extensions ?? {};
    if (isErrorCode(code))
      return { message, ...(path ? { path } : {}), extensions: { ...extensions, traceId } };
    this.logger.error({ reason: message.slice(0, 500), traceId }, 'operation failed');
    return formatProblem(new Problem('internal'), traceId, path ? { path } : {});
  }

  private unexpected(error: unknown, { roost }: FastifyRequest): Problem {
    const { requestId, traceId } = roost;
    this.logger.error({ err: error, requestId, traceId }, 'operation failed');
    return new Problem('internal');
  }
}

/** JSON only: forms of other sites can't send it (CSRF). */
async function readBody(request: FastifyRequest): Promise<unknown> {
  if (!/^application\/(?:[\w.+-]+\+)?json(?:$|[ ;])/.test(request.headers['content-type'] ?? ''))
    throw new Problem('request.unsupported_media_type');
  if (Number(request.headers['content-length'] ?? 0) > MAX_REQUEST_BYTES)
    throw new Problem('request.too_large');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_REQUEST_BYTES) throw new Problem('request.too_large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch {
    throw new Problem('request.invalid', undefined, { errors: [{ pointer: '', detail: 'Must be JSON' }] });
  }
}
