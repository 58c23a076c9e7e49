import { collectDefaultMetrics, Counter, Registry } from 'prom-client';

/** Shared by all sandboxes of the process. */
const processRegistry = new Registry();
collectDefaultMetrics({ register: processRegistry });

export class SandboxMetrics {
  readonly registry = new Registry();
  private readonly responses: Counter<'route' | 'status'>;
  private readonly webhooks: Counter<'outcome'>;

  constructor() {
    this.responses = new Counter({
      name: 'roost_sandbox_answers_total',
      help: 'Responses by route and status',
      labelNames: ['route', 'status'],
      registers: [this.registry],
    });
    this.webhooks = new Counter({
      name: 'roost_sandbox_webhooks_total',
      help: 'Sent webhooks by outcome',
      labelNames: ['outcome'],
      registers: [this.registry],
    });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** The metrics of the process and of this sandbox in the text format of Prometheus. */
  async text(): Promise<string> {
    return `${await processRegistry.metrics()}\n${await this.registry.metrics()}`;
  }

  countResponse(route: string, status: number): void {
    this.responses.inc({ route, status });
  }

  countWebhook(delivered: boolean): void {
    this.webhooks.inc({ outcome: delivered ? 'delivered' : 'failed' });
  }
}
