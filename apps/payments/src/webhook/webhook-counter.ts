import type { Metrics } from '@roost/platform';
import type { Counter } from 'prom-client';

export const webhookCounter = (metrics: Metrics): Counter<'outcome'> =>
  metrics.counter('payments_webhooks_total', 'Webhooks handled, by outcome', ['outcome']);
