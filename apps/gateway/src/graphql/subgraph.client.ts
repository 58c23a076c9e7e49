import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { tracedFetch } from '@roost/http';
import { LOGGER, Problem, unavailable } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import type { FastifyRequest } from 'fastify';
import {
  type DocumentNode,
  type GraphQLFormattedError,
  Kind,
  type OperationDefinitionNode,
  print,
} from 'graphql';
import type { Logger } from 'pino';
import { Agent } from 'undici';
import type { Upstream } from '../routes/release.js';
import { RouteRegistry } from '../routes/route-registry.js';

const TIMEOUT_MS = 20_000;
const MAX_RESPONSE_BYTES = 20 * 1024 * 1024;

export interface SubgraphOperation {
  document: DocumentNode;
  variables?: Record<string, unknown> | undefined;
  operationType: string;
  context?: { request: FastifyRequest; signal: AbortSignal } | undefined;
}

export interface SubgraphResponse {
  data?: Record<string, unknown> | null;
  errors?: GraphQLFormattedError[];
}

/** Sends the subgraph operations of a query plan to the services. */
@Injectable()
export class SubgraphClient implements OnApplicationShutdown {
  private readonly agent = new Agent({
    connections: 64,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    connect: { timeout: 2_000 },
  });
  /** Printed documents: a cached plan reuses its document objects. */
  private readonly texts = new WeakMap<DocumentNode, string>();

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly routes: RouteRegistry,
    private readonly tracing: Tracing,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  async execute(service: string, operation: SubgraphOperation): Promise<SubgraphResponse> {
    const { document, variables, context } = operation;
    if (!context) throw new Error('an operation without a request');
    try {
      return await this.send(service as Upstream, operation, context);
    } catch (error) {
      const { request } = context;
      request.roost.log.unavailable = service;
      this.logger.warn(
        { service, reason: reasonOf(error), requestId: request.roost.requestId },
        'service did not respond',
      );
      return {
        data: null,
        errors: pathsOf(document, variables).map((path) => unavailableError(service, path)),
      };
    }
  }

  private async send(
    service: Upstream,
    { document, variables, operationType }: SubgraphOperation,
    { request, signal }: { request: FastifyRequest; signal: AbortSignal },
  ): Promise<SubgraphResponse> {
    const { origin, pathname } = new URL(`${this.routes.upstream(service)}/graphql`);
    const call = { peer: service, method: 'POST', url: origin, route: pathname };
    const { response, statusCode } = await tracedFetch(this.tracing, call, async (headers, onStatus) => {
      const { statusCode, body } = await this.agent.request({
        origin,
        path: pathname,
        method: 'POST',
        headers: { ...headersFor(request, operationType), ...headers },
        body: JSON.stringify({ query: this.textOf(document), ...(variables ? { variables } : {}) }),
        signal,
      });
      onStatus(statusCode);
      return { response: (await readJson(body)) as SubgraphResponse | null, statusCode };
    });
    // A rejection before execution (invalid token, outage) is a GraphQL response, too.
    if (!response || !(response.data || Array.isArray(response.errors)))
      throw new Error(`status ${statusCode}`);
    if (response.data || !response.errors) return response;
    const [first] = response.errors;
    return {
      data: null,
      errors: pathsOf(document, variables).map((path) => ({
        ...first,
        message: first?.message ?? '',
        path,
      })),
    };
  }

  private textOf(document: DocumentNode): string {
    const known = this.texts.get(document);
    if (known !== undefined) return known;
    const text = print(document);
    this.texts.set(document, text);
    return text;
  }
}

function headersFor(request: FastifyRequest, operationType: string): Record<string, string> {
  const { roost, headers } = request;
  const key = operationType === 'mutation' ? headers['idempotency-key'] : undefined;
  return {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(headers.authorization === undefined ? {} : { authorization: headers.authorization }),
    ...(typeof key === 'string' ? { 'idempotency-key': key } : {}),
    'x-request-id': roost.requestId,
    traceparent: roost.traceparent,
    'x-forwarded-for': request.ip,
    'x-forwarded-proto': request.protocol,
    'x-forwarded-host': request.host,
  };
}

async function readJson(body: AsyncIterable<Buffer>): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_RESPONSE_BYTES) throw new Error('response too large');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
}

function unavailableError(service: string, path: (string | number)[]): GraphQLFormattedError {
  const problem: Problem = unavailable(
    `The service behind this field (${service}) is temporarily unavailable.`,
  );
  return { message: problem.message, path, extensions: problem.extensions };
}

/**
 * The paths of the data of a subgraph operation: its root fields or, for `_entities`, each entity. The executor maps them
 * to the fields of the client's operation.
 */
function pathsOf(document: DocumentNode, variables: Record<string, unknown> = {}): (string | number)[][] {
  const operation = document.definitions.find(
    (it): it is OperationDefinitionNode => it.kind === Kind.OPERATION_DEFINITION,
  );
  const paths = (operation?.selectionSet.selections ?? []).flatMap((field): (string | number)[][] => {
    if (field.kind !== Kind.FIELD) return [];
    const key = field.alias?.value ?? field.name.value;
    if (field.name.value !== '_entities') return [[key]];
    const { value } = field.arguments?.[0] ?? {};
    const entities = value?.kind === Kind.VARIABLE ? variables[value.name.value] : [];
    return Array.isArray(entities) ? entities.map((_, index) => [key, index]) : [];
  });
  return paths;
}

function reasonOf(error: unknown): string {
  const { code, message, cause } = error as { code?: string; message?: string; cause?: { code?: string } };
  return cause?.code ?? code ?? message ?? 'unknown';
}
