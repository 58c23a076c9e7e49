import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { scrapedGauges } from '@roost/platform';
import { Gauge } from 'prom-client';
import { readMessagingState } from './messaging-gauges.queries.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import { Relay } from './relay.js';

/** Gauges of the outbox and the dead letters, read from the database with one statement per scrape. */
@Injectable()
export class MessagingGauges {
  constructor(
    @Inject(MESSAGING_OPTIONS) options: MessagingOptions,
    @Inject(MikroORM) orm: MikroORM,
    relay: Relay,
  ) {
    const { metrics } = options;
    if (!metrics) return;
    scrapedGauges(metrics, () => readMessagingState(orm.em.fork({ disableContextResolution: true })), [
      {
        name: 'roost_dead_letters',
        help: 'Dead letters: events that failed, and events queued behind them',
        of: ({ deadLetters }) => deadLetters,
      },
      {
        name: 'roost_dead_letters_oldest_seconds',
        help: 'Seconds since the oldest dead letter was parked; 0 without dead letters',
        of: ({ oldestDeadLetterSeconds }) => oldestDeadLetterSeconds,
      },
      {
        name: 'roost_quarantined_keys',
        help: 'Keys whose events wait behind a dead letter',
        of: ({ quarantinedKeys }) => quarantinedKeys,
      },
      {
        name: 'roost_outbox_oldest_seconds',
        help: 'Age in seconds of the oldest event that a sink has not processed; 0 if all are processed',
        of: ({ oldestPendingSeconds }) => oldestPendingSeconds,
      },
      {
        name: 'roost_outbox_refused',
        help: 'Events that the broker refused and that require an operator: see "outbox refused"',
        of: ({ refusedEvents }) => refusedEvents,
      },
    ]);
    new Gauge({
      name: 'roost_outbox_relay_active',
      help: '1 in the process whose relay is active, 0 in the other replicas',
      registers: [metrics],
      collect() {
        this.set(relay.active ? 1 : 0);
      },
    });
  }
}
