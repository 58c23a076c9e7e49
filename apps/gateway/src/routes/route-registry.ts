import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config, LOGGER, Metrics, timeoutSignal } from '@roost/platform';
import type { Logger } from 'pino';
import type { Gauge } from 'prom-client';
import type { GatewayConfig } from '../config.js';
import { mergeDocuments } from './merge-documents.js';
import type { OpenApiDocument } from './openapi.js';
import { INFO, readRelease, SERVICES, type Upstream } from './release.js';
import { buildRouteTable, type Route, type RouteTable } from './route-table.js';

const INITIAL_REFRESH_MS = 500;
const REFRESH_MS = 30_000;
const TIMEOUT_MS = 5_000;

/**
 * The OpenAPI documents of the services, and the route table and merged document that are built from them. Starts with
 * the documents of the release and replaces each with the document of the running service, periodically: a new route
 * needs no deployment of the gateway, and an unavailable service keeps its routes.
 */
@Injectable()
export class RouteRegistry implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly documents = new Map<Upstream, OpenApiDocument>();
  private readonly etags = new Map<Upstream, string>();
  private table: RouteTable = buildRouteTable(new Map());
  private merged: OpenApiDocument = mergeDocuments(new Map(), this.table, INFO);
  private timer: NodeJS.Timeout | undefined;
  private readonly stop = new AbortController();
  private readonly clashes: Gauge;

  constructor(
    @Inject(CONFIG) private readonly config: Config<typeof GatewayConfig>,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.clashes = metrics.gauge(
      'roost_gateway_route_clashes',
      'Operations in the documents of two services; the previous owner keeps them',
    );
  }

  find(method: string, path: string): Route | null {
    return this.table.find(method, path);
  }

  methods(path: string): string[] {
    return this.table.methods(path);
  }

  document(): OpenApiDocument {
    return this.merged;
  }

  /** The URL of a service. */
  upstream(service: Upstream): string {
    const variable = `${service.toUpperCase()}_URL` as `${Uppercase<Upstream>}_URL`;
    return this.config[variable].replace(/\/$/, '');
  }

  /** The URL of a path at each service. */
  urls(path: string): Map<Upstream, string> {
    return new Map(SERVICES.map((service) => [service, this.upstream(service) + path]));
  }

  async onApplicationBootstrap(): Promise<void> {
    for (const [service, document] of await readRelease()) this.documents.set(service, document);
    this.rebuild();
    void this.refresh();
  }

  onApplicationShutdown(): void {
    this.stop.abort();
    clearTimeout(this.timer);
  }

  /** Fetches the document of every service. */
  async refreshNow(): Promise<void> {
    const changed = await Promise.all(SERVICES.map((service) => this.fetchDocument(service)));
    if (changed.includes(true) && !this.stop.signal.aborted) this.rebuild();
  }

  /** Refreshes periodically, with a short interval until each service of the release has responded once. */
  private async refresh(): Promise<void> {
    await this.refreshNow();
    if (this.stop.signal.aborted) return;
    const complete = SERVICES.every((name) => !this.documents.has(name) || this.etags.has(name));
    this.timer = setTimeout(() => void this.refresh(), complete ? REFRESH_MS : INITIAL_REFRESH_MS);
    this.timer.unref();
  }

  private async fetchDocument(service: Upstream): Promise<boolean> {
    const etag = this.etags.get(service);
    try {
      const response = await fetch(`${this.upstream(service)}/openapi.json`, {
        headers: etag ? { 'if-none-match': etag } : {},
        signal: AbortSignal.any([this.stop.signal, timeoutSignal(TIMEOUT_MS)]),
      });
      if (response.status === 304) return false;
      if (!response.ok) throw new Error(`status ${response.status}`);
      const text = await response.text();
      const document = JSON.parse(text) as OpenApiDocument;
      const before = JSON.stringify(this.documents.get(service));
      this.etags.set(service, response.headers.get('etag') ?? 'none');
      this.documents.set(service, document);
      return JSON.stringify(document) !== before;
    } catch (error) {
      if (!this.stop.signal.aborted) {
        this.logger.debug(
          { service, reason: (error as Error).message },
          'document not fetched, keeping the last one',
        );
      }
      return false;
    }
  }

  private rebuild(): void {
    const documents = new Map(
      [...SERVICES].flatMap((name) => {
        const document = this.documents.get(name);
        return document ? [[name, document] as const] : [];
      }),
    );
    this.table = buildRouteTable(documents, this.table);
    this.merged = mergeDocuments(documents, this.table, INFO);
    this.clashes.set(this.table.clashes.length);
    for (const clash of this.table.clashes) this.logger.error(clash, 'two services have the same route');
    this.logger.info({ routes: this.table.size, services: [...documents.keys()] }, 'route table built');
  }
}
