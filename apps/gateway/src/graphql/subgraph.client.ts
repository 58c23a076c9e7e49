import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { callOut } from '@roost/http';
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
import { RouteBook, type Upstream } from '../routes/route-book.js';

const PATIENCE_MS = 20_000;
const MOST_BYTES = 20 * 1024 * 1024;

export interface SubgraphOperation {
  document: DocumentNode;
  variables?: Record<string, unknown> | undefined;
  operationType: string;
  context?: { request: FastifyRequest; signal: AbortSignal } | undefined;
}

export interface SubgraphAnswer {
  data?: Record<string, unknown> | null;
  errors?: GraphQLFormattedError[];
}

/** Asks the services for their parts of an operation. */
@Injectable()
export class SubgraphClient implements OnApplicationShutdown {
  private readonly agent = new Agent({
    connections: 64,
    headersTimeout: PATIENCE_MS,
    bodyTimeout: PATIENCE_MS,
    connect: { timeout: 2_000 },
  });
  /** A planned operation is one object for as long as its plan is kept. */
  private readonly texts = new WeakMap<DocumentNode, string>();

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly routes: RouteBook,
    private readonly tracing: Tracing,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  async execute(service: string, operation: SubgraphOperation): Promise<SubgraphAnswer> {
    const { document, variables, context } = operation;
    if (!context) throw new Error('an operation without a request');
    try {
      return await this.ask(service as Upstream, operation, context);
    } catch (error) {
      const { request } = context;
      request.roost.log.unavailable = service;
      this.logger.warn(
        { service, reason: reasonOf(error), requestId: request.roost.requestId },
        'a service did not answer',
      );
      return { data: null, errors: placesOf(document, variables).map((path) => refusal(service, path)) };
    }
  }

  private async ask(
    service: Upstream,
    { document, variables, operationType }: SubgraphOperation,
    { request, signal }: { request: FastifyRequest; signal: AbortSignal },
  ): Promise<SubgraphAnswer> {
    const { origin, pathname } = new URL(`${this.routes.upstream(service)}/graphql`);
    const call = { peer: service, method: 'POST', url: origin, route: pathname };
    const { answer, statusCode } = await callOut(this.tracing, call, async (headers, answered) => {
      const { statusCode, body } = await this.agent.request({
        origin,
        path: pathname,
        method: 'POST',
        headers: { ...headersFor(request, operationType), ...headers },
        body: JSON.stringify({ query: this.textOf(document), ...(variables ? { variables } : {}) }),
        signal,
      });
      answered(statusCode);
      return { answer: (await readJson(body)) as SubgraphAnswer | null, statusCode };
    });
    // A refusal before execution (a bad token, an outage) is an answer, too; a page of something else is none.
    if (!answer || !(answer.data || Array.isArray(answer.errors))) throw new Error(`answered ${statusCode}`);
    if (answer.data || !answer.errors) return answer;
    const [first] = answer.errors;
    return {
      data: null,
      errors: placesOf(document, variables).map((path) => ({
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
    if (bytes > MOST_BYTES) throw new Error('answered too much');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
}

function refusal(service: string, path: (string | number)[]): GraphQLFormattedError {
  const problem: Problem = unavailable(
    `The service behind this field (${service}) does not answer at the moment.`,
  );
  return { message: problem.message, path, extensions: problem.extensions };
}

/**
 * Where an operation of a plan would have put its data: its root fields, or for `_entities` each entity. The executor
 * knows which fields of the client's operation those are.
 */
function placesOf(document: DocumentNode, variables: Record<string, unknown> = {}): (string | number)[][] {
  const operation = document.definitions.find(
    (it): it is OperationDefinitionNode => it.kind === Kind.OPERATION_DEFINITION,
  );
  const places = (operation?.selectionSet.selections ?? []).flatMap((field): (string | number)[][] => {
    if (field.kind !== Kind.FIELD) return [];
    const key = field.alias?.value ?? field.name.value;
    if (field.name.value !== '_entities') return [[key]];
    const { value } = field.arguments?.[0] ?? {};
    const entities = value?.kind === Kind.VARIABLE ? variables[value.name.value] : [];
    return Array.isArray(entities) ? entities.map((_, index) => [key, index]) : [];
  });
  return places;
}

function reasonOf(error: unknown): string {
  const { code, message, cause } = error as { code?: string; message?: string; cause?: { code?: string } };
  return cause?.code ?? code ?? message ?? 'unknown';
}
