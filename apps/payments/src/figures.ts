import type { EventFigures } from '@roost/messaging';
import type { Metrics } from '@roost/platform';

/** The figures of payments and payouts, counted by the events of committed transactions. */
export function paymentFigures(metrics: Metrics): EventFigures {
  const payments = metrics.counter(
    'roost_payments_total',
    'Steps of payments (created, captured, failed and so on), by provider',
    ['step', 'provider'],
  );
  const captured = metrics.counter(
    'roost_captured_minor_total',
    'Captured payments in minor units, by currency',
    ['currency'],
  );
  const refunded = metrics.counter(
    'roost_refunded_minor_total',
    'Refunds in minor units, by currency and reason. A repeated refund is counted once',
    ['currency', 'reason'],
  );
  const payouts = metrics.counter('roost_payouts_total', 'Payouts of hosts, by step', ['step']);
  for (const step of ['scheduled', 'paid', 'failed']) payouts.inc({ step }, 0);
  const paid = metrics.counter('roost_paid_out_minor_total', 'Paid payouts in minor units, by currency', [
    'currency',
  ]);
  const count =
    (step: string) =>
    ({ provider }: { provider: string }) =>
      payments.inc({ step, provider });
  const countCaptured = count('captured');
  const countRefunded = count('refunded');
  return {
    'payment.created': count('created'),
    'payment.authorized': count('authorized'),
    'payment.captured': (body) => {
      countCaptured(body);
      captured.inc({ currency: body.currency }, body.capturedMinor);
    },
    'payment.failed': count('failed'),
    'payment.voided': count('voided'),
    'payment.refunded': (body) => {
      if (body.repeated) return;
      countRefunded(body);
      refunded.inc({ currency: body.currency, reason: body.reason }, body.refundAmountMinor);
    },
    'payment.disputed': count('disputed'),
    'payment.dispute-won': count('dispute-won'),
    'payment.dispute-lost': count('dispute-lost'),
    'payout.scheduled': () => payouts.inc({ step: 'scheduled' }),
    'payout.paid': ({ currency, amountMinor }) => {
      payouts.inc({ step: 'paid' });
      paid.inc({ currency }, amountMinor);
    },
    'payout.failed': () => payouts.inc({ step: 'failed' }),
  };
}
