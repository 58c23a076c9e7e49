import { collectDefaultMetrics, Counter, Registry } from 'prom-client';

export class SandboxMetrics {
  readonly registry = new Registry();
  private readonly responses: Counter<'route' | 'status'>;
  private readonly webhooks: Counter<'outcome'>;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.responses = new Counter({
      name: 'sandbox_answers_total',
      help: 'Responses by route and status',
      labelNames: ['route', 'status'],
      registers: [this.registry],
    });
    this.webhooks = new Counter({
      name: 'sandbox_webhooks_total',
      help: 'Sent webhooks by outcome',
      labelNames: ['outcome'],
      registers: [this.registry],
    });
  }

  countResponse(route: string, status: number): void {
    this.responses.inc({ route, status });
  }

  countWebhook(delivered: boolean): void {
    this.webhooks.inc({ outcome: delivered ? 'delivered' : 'failed' });
  }
}
