import { readFile } from 'node:fs/promises';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Health, LOGGER, Metrics } from '@roost/platform';
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Gauge } from 'prom-client';
import { RouteBook, SERVICES, type Upstream } from '../routes/route-book.js';
import { compose, normalized } from './compose.js';
import { type SubgraphAnswer, SubgraphClient, type SubgraphOperation } from './subgraph.client.js';

const FIRST_TRIES_MS = 500;
const REFRESH_MS = 30_000;
const PATIENCE_MS = 5_000;

export interface Graph {
  /** What clients see. */
  schema: GraphQLSchema;
  sdl: string;
  execute(operation: SubgraphOperation & { operationName?: string | undefined }): Promise<ExecutionResult>;
}

type Handler = (options: {
  unifiedGraph: GraphQLSchema;
  getUnifiedGraphSDL(): string;
  onSubgraphExecute(service: string, operation: SubgraphOperation): Promise<SubgraphAnswer>;
}) => Promise<{ unifiedGraph: GraphQLSchema; executor?: Graph['execute'] }>;

/**
 * The one graph of all services. Starts with the schemas of the release and takes each service's own as it answers. A
 * schema that fits the others no longer changes nothing: the last graph that did fit goes on, and health, log and
 * metrics say so.
 */
@Injectable()
export class GraphBook implements OnModuleInit, OnApplicationShutdown {
  private readonly parts = new Map<Upstream, string>();
  private readonly answered = new Set<Upstream>();
  private readonly stop = new AbortController();
  private readonly failed: Gauge;
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<void> = Promise.resolve();
  private fits = true;
  private graph: Graph | null = null;

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly routes: RouteBook,
    private readonly subgraphs: SubgraphClient,
    metrics: Metrics,
    health: Health,
  ) {
    this.failed = metrics.gauge(
      'roost_gateway_composition_failed',
      '1 while the schemas of the services do not fit together and the last good graph is served',
    );
    health.note('graph', () => this.fits && this.graph !== null);
  }

  /** Null until a first graph has been put together. */
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

  /** Asks every service for its schema; settles when the graph is that of the answers. */
  refreshNow(): Promise<void> {
    // One at a time, so that an older graph never comes after a newer one.
    this.turn = this.turn.then(() => this.ask());
    return this.turn;
  }

  private async ask(): Promise<void> {
    const changed = await Promise.all(SERVICES.map((service) => this.fetchPart(service)));
    if (changed.includes(true) && !this.stop.signal.aborted) await this.rebuild();
  }

  private async readRelease(service: Upstream): Promise<void> {
    const file = new URL(`../../release/${service}.graphql`, import.meta.url);
    const sdl = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (sdl) this.parts.set(service, normalized(sdl));
  }

  /** Now and then; soon again until each service of the release has answered once. */
  private async refresh(): Promise<void> {
    await this.refreshNow();
    if (this.stop.signal.aborted) return;
    const complete = [...this.parts.keys()].every((service) => this.answered.has(service));
    this.timer = setTimeout(() => void this.refresh(), complete ? REFRESH_MS : FIRST_TRIES_MS);
    this.timer.unref();
  }

  private async fetchPart(service: Upstream): Promise<boolean> {
    try {
      const response = await fetch(`${this.routes.upstream(service)}/graphql/sdl`, {
        signal: AbortSignal.any([this.stop.signal, AbortSignal.timeout(PATIENCE_MS)]),
      });
      if (!response.ok) throw new Error(`answered ${response.status}`);
      const sdl = normalized(await response.text());
      this.answered.add(service);
      if (this.parts.get(service) === sdl) return false;
      this.parts.set(service, sdl);
      return true;
    } catch (error) {
      if (!this.stop.signal.aborted)
        this.logger.debug(
          { service, reason: (error as Error).message },
          'schema not read, keeping the last good one',
        );
      return false;
    }
  }

  private async rebuild(): Promise<void> {
    if (this.parts.size === 0) return;
    const parts = new Map(
      SERVICES.flatMap((name) => (this.parts.has(name) ? [[name, this.parts.get(name) ?? '']] : [])),
    );
    try {
      const { sdl, schema } = compose(parts as Map<string, string>);
      const { unifiedGraph, executor } = await (unifiedGraphHandler as unknown as Handler)({
        unifiedGraph: schema,
        getUnifiedGraphSDL: () => sdl,
        onSubgraphExecute: (service, operation) => this.subgraphs.execute(service, operation),
      });
      if (!executor) throw new Error('no executor for this graph');
      this.graph = { schema: unifiedGraph, sdl, execute: executor };
      this.fits = true;
      this.failed.set(0);
      this.logger.info({ services: [...parts.keys()] }, 'graph composed');
    } catch (error) {
      this.fits = false;
      this.failed.set(1);
      this.logger.error(
        {
          reason: (error as Error).message.slice(0, 2_000),
          services: [...parts.keys()],
          kept: this.graph !== null,
        },
        'the schemas do not fit together, keeping the last graph that did',
      );
    }
  }
}
