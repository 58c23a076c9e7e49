import type { Metrics } from '@roost/platform';
import type { Counter } from 'prom-client';

/** Handled webhooks; `failed` is a try that will be repeated. */
export const webhookCounter = (metrics: Metrics): Counter<'outcome'> =>
  metrics.counter('roost_payments_webhooks_total', 'Webhooks of payment providers handled, by outcome', [
    'outcome',
  ]);
