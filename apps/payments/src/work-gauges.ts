import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Metrics, scrapedGauges } from '@roost/platform';
import { readUnfinishedWork } from './work-gauges.queries.js';

/** Gauges of the unfinished work towards the providers, read from the database with one statement per scrape. */
@Injectable()
export class WorkGauges {
  constructor(@Inject(MikroORM) orm: MikroORM, { registry }: Metrics) {
    scrapedGauges(registry, () => readUnfinishedWork(orm.em.fork({ disableContextResolution: true })), [
      {
        name: 'roost_payment_operations',
        help: 'Unfinished calls to providers for payments by state: pending, or made with an unclear outcome',
        labelNames: ['state'],
        of: ({ operations, unclearOperations }) => [
          [{ state: 'pending' }, operations - unclearOperations],
          [{ state: 'unclear' }, unclearOperations],
        ],
      },
      {
        name: 'roost_payment_operations_unclear_oldest_seconds',
        help: 'Age in seconds of the oldest call for a payment whose outcome is unclear; 0 without one',
        of: (work) => work.unclearOperationsOldestSeconds,
      },
      {
        name: 'roost_payouts_in_transit',
        help: 'Payouts in transit by state: clear, or with a transfer that may or may not exist (unclear)',
        labelNames: ['state'],
        of: ({ payouts, unclearPayouts }) => [
          [{ state: 'clear' }, payouts - unclearPayouts],
          [{ state: 'unclear' }, unclearPayouts],
        ],
      },
      {
        name: 'roost_payouts_unclear_oldest_seconds',
        help: 'Seconds since the start of the oldest payout whose transfer is unclear; 0 without one',
        of: (work) => work.unclearPayoutsOldestSeconds,
      },
      {
        name: 'roost_payment_webhooks',
        help: 'Stored webhooks by state: waiting to be handled, or parked for an operator',
        labelNames: ['state'],
        of: ({ webhooks, parkedWebhooks }) => [
          [{ state: 'waiting' }, webhooks],
          [{ state: 'parked' }, parkedWebhooks],
        ],
      },
      {
        name: 'roost_payment_webhooks_oldest_seconds',
        help: 'Age in seconds of the oldest webhook that waits to be handled; 0 without one',
        of: (work) => work.webhooksOldestSeconds,
      },
    ]);
  }
}
