import { readFile } from 'node:fs/promises';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Health, LOGGER, Metrics, timeoutSignal } from '@roost/platform';
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Gauge } from 'prom-client';
import { SERVICES, type Upstream } from '../routes/release.js';
import { RouteRegistry } from '../routes/route-registry.js';
import { compose, normalizeSdl } from './composition.js';
import { type SubgraphResponse, SubgraphClient, type SubgraphOperation } from './subgraph.client.js';

const INITIAL_REFRESH_MS = 500;
const REFRESH_MS = 30_000;
const TIMEOUT_MS = 5_000;

export interface Graph {
  /** The schema for clients. */
  schema: GraphQLSchema;
  sdl: string;
  execute(operation: SubgraphOperation & { operationName?: string | undefined }): Promise<ExecutionResult>;
}

type Handler = (options: {
  unifiedGraph: GraphQLSchema;
  getUnifiedGraphSDL(): string;
  onSubgraphExecute(service: string, operation: SubgraphOperation): Promise<SubgraphResponse>;
}) => Promise<{ unifiedGraph: GraphQLSchema; executor?: Graph['execute'] }>;

/**
 * The supergraph of all services. Starts with the schemas of the release and replaces each with the schema that the
 * running service returns. If the schemas can't be composed, the last valid supergraph stays in use, and health, log and
 * metrics report it.
 */
@Injectable()
export class SupergraphRegistry implements OnModuleInit, OnApplicationShutdown {
  private readonly subgraphs = new Map<Upstream, string>();
  private readonly fetched = new Set<Upstream>();
  private readonly stop = new AbortController();
  private readonly failed: Gauge;
  private timer: NodeJS.Timeout | undefined;
  private refreshes: Promise<void> = Promise.resolve();
  private composed = true;
  private graph: Graph | null = null;

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly routes: RouteRegistry,
    private readonly client: SubgraphClient,
    metrics: Metrics,
    health: Health,
  ) {
    this.failed = metrics.gauge(
      'roost_gateway_composition_failed',
      '1 while the schemas of the services can not be composed and the last valid supergraph is served',
    );
    health.addOptional('graph', () => this.composed && this.graph !== null);
  }

  /** Null until the first supergraph is composed. */
  current(): Graph | null {
    return this.graph;
  }

  async onModuleInit(): Promise<void> {
    await Promise.all(SERVICES.map((service) => this.readRelease(service)));
    await this.rebuild();
    void this.refresh();
  }

  onApplicationShutdown(): void {
    this.stop.abort();
    clearTimeout(this.timer);
  }

  /** Fetches the schema of every service. Resolves when the supergraph is composed of them. */
  refreshNow(): Promise<void> {
    // Sequential, so that an older supergraph never replaces a newer one.
    this.refreshes = this.refreshes.then(() => this.fetchAll());
    return this.refreshes;
  }

  private async fetchAll(): Promise<void> {
    const changed = await Promise.all(SERVICES.map((service) => this.fetchSubgraph(service)));
    if (changed.includes(true) && !this.stop.signal.aborted) await this.rebuild();
  }

  private async readRelease(service: Upstream): Promise<void> {
    const file = new URL(`../../release/${service}.graphql`, import.meta.url);
    const sdl = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (sdl) this.subgraphs.set(service, normalizeSdl(sdl));
  }

  /** Refreshes periodically, with a short interval until each service of the release has responded once. */
  private async refresh(): Promise<void> {
    await this.refreshNow();
    if (this.stop.signal.aborted) return;
    const complete = [...this.subgraphs.keys()].every((service) => this.fetched.has(service));
    this.timer = setTimeout(() => void this.refresh(), complete ? REFRESH_MS : INITIAL_REFRESH_MS);
    this.timer.unref();
  }

  private async fetchSubgraph(service: Upstream): Promise<boolean> {
    try {
      const response = await fetch(`${this.routes.upstream(service)}/graphql/sdl`, {
        signal: AbortSignal.any([this.stop.signal, timeoutSignal(TIMEOUT_MS)]),
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const sdl = normalizeSdl(await response.text());
      this.fetched.add(service);
      if (this.subgraphs.get(service) === sdl) return false;
      this.subgraphs.set(service, sdl);
      return true;
    } catch (error) {
      if (!this.stop.signal.aborted)
        this.logger.debug(
          { service, reason: (error as Error).message },
          'schema not fetched, keeping the last one',
        );
      return false;
    }
  }

  private async rebuild(): Promise<void> {
    if (this.subgraphs.size === 0) return;
    const subgraphs = new Map(
      SERVICES.flatMap((name) => (this.subgraphs.has(name) ? [[name, this.subgraphs.get(name) ?? '']] : [])),
    );
    try {
      const { sdl, schema } = compose(subgraphs as Map<string, string>);
      const { unifiedGraph, executor } = await (unifiedGraphHandler as unknown as Handler)({
        unifiedGraph: schema,
        getUnifiedGraphSDL: () => sdl,
        onSubgraphExecute: (service, operation) => this.client.execute(service, operation),
      });
      if (!executor) throw new Error('no executor for the supergraph');
      this.graph = { schema: unifiedGraph, sdl, execute: executor };
      this.composed = true;
      this.failed.set(0);
      this.logger.info({ services: [...subgraphs.keys()] }, 'supergraph composed');
    } catch (error) {
      this.composed = false;
      this.failed.set(1);
      this.logger.error(
        {
          reason: (error as Error).message.slice(0, 2_000),
          services: [...subgraphs.keys()],
          kept: this.graph !== null,
        },
        'supergraph not composed, keeping the last one',
      );
    }
  }
}
