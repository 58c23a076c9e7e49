import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { formatProblem, type GraphqlAnswer } from '@roost/graphql';
import { AccessTokens, Public } from '@roost/http';
import { CONFIG, type Config, isErrorCode, LOGGER, Problem, unavailable } from '@roost/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import type { GatewayConfig } from '../config.js';
import { RateLimits } from '../proxy/rate-limits.js';
import { GraphBook } from './graph.js';
import { graphiqlPage } from './graphiql.page.js';
import { MAX_REQUEST_BYTES, type Operation, OperationReader } from './operation.reader.js';

const PATIENCE_MS = 25_000;
const MOST_REPORTED = 50;

/** The graph over HTTP. Who may see what is decided by the services; the token is checked here, too. */
@Controller('graphql')
export class GraphController {
  constructor(
    private readonly graphs: GraphBook,
    private readonly reader: OperationReader,
    private readonly tokens: AccessTokens,
    private readonly limits: RateLimits,
    @Inject(CONFIG) private readonly config: Config<typeof GatewayConfig>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  // Some fields are for everybody, so the services decide; a token that is sent must be valid.
  @Public()
  @Post()
  async run(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { roost } = request;
    reply.type('application/json; charset=utf-8');
    try {
      const answer = await this.answer(request, reply);
      reply.code(200).send(JSON.stringify(answer));
    } catch (error) {
      const problem = error instanceof Problem ? error : this.unforeseen(error, request);
      roost.log.code = problem.code;
      const answer: GraphqlAnswer = { errors: [formatProblem(problem, roost.traceId)] };
      // What is left of a body that nobody wants to read goes with its connection.
      if (!request.raw.readableEnded) reply.header('connection', 'close');
      reply.code(problem.status).headers(problem.headers).send(JSON.stringify(answer));
    }
  }

  @Public()
  @Get()
  async page(@Res() reply: FastifyReply): Promise<void> {
    if (this.config.ROOST_ENV === 'production' && !this.reader.introspection)
      throw new Problem('route.not_found');
    reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-cache')
      .send(await graphiqlPage());
  }

  private async answer(request: FastifyRequest, reply: FastifyReply): Promise<GraphqlAnswer> {
    const { roost } = request;
    try {
      roost.user = await this.tokens.userOf(request);
    } finally {
      await this.limits.take(request, reply, '/graphql');
    }
    const graph = this.graphs.current();
    if (!graph) throw unavailable('The graph is not ready yet');
    const operation = await this.reader.read(await readBody(request), graph.schema);
    if (operation.name) roost.log.operation = operation.name;
    // Each mutation counts like the request that it would be over REST.
    if (operation.type === 'mutation')
      for (let more = 1; more < operation.rootKeys.length; more += 1)
        await this.limits.take(request, reply, '/graphql');
    const result = await graph.execute({
      document: operation.document,
      variables: operation.variables,
      operationType: operation.type,
      operationName: operation.name,
      context: { request, signal: AbortSignal.timeout(PATIENCE_MS) },
    });
    return this.toAnswer(result, operation, request);
  }

  private toAnswer(
    { data, errors }: ExecutionResult,
    { rootKeys }: Operation,
    { roost }: FastifyRequest,
  ): GraphqlAnswer {
    // The executor leaves data out where no service gave any; each root field may be null by itself.
    const answer: GraphqlAnswer = { data: data ?? Object.fromEntries(rootKeys.map((key) => [key, null])) };
    if (errors?.length) {
      answer.errors = errors.slice(0, MOST_REPORTED).map((error) => this.report(error, roost.traceId));
      roost.log.code ??= answer.errors[0]?.extensions?.code;
    }
    return answer;
  }

  /** Errors of services pass as they are; of what goes wrong in here nobody is told more than that it did. */
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

  private unforeseen(error: unknown, { roost }: FastifyRequest): Problem {
    const { requestId, traceId } = roost;
    this.logger.error({ err: error, requestId, traceId }, 'operation failed');
    return new Problem('internal');
  }
}

/** JSON only: a form of another site can't send that. */
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
