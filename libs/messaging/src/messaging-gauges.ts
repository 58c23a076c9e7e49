import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { countDeadLetters, countRefusedEvents, oldestPendingSeconds } from './messaging-gauges.queries.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import { Relay } from './relay.js';

/** Gauges of the outbox and the dead letters, read from the database on every scrape. */
@Injectable()
export class MessagingGauges {
  constructor(
    @Inject(MESSAGING_OPTIONS) options: MessagingOptions,
    @Inject(MikroORM) private readonly orm: MikroORM,
    relay: Relay,
  ) {
    if (!options.metrics) return;
    const registers = [options.metrics];
    const read = (query: (em: EntityManager) => Promise<number>) => this.#read(query);
    new Gauge({
      name: 'roost_dead_letters',
      help: 'Dead letters: events that failed, and events queued behind them',
      registers,
      async collect() {
        this.set(await read(countDeadLetters));
      },
    });
    new Gauge({
      name: 'roost_outbox_oldest_seconds',
      help: 'Age of the oldest event that a sink has not processed',
      registers,
      async collect() {
        this.set(await read(oldestPendingSeconds));
      },
    });
    new Gauge({
      name: 'roost_outbox_refused',
      help: 'Events that the broker refused and that require an operator: see "outbox refused"',
      registers,
      async collect() {
        this.set(await read(countRefusedEvents));
      },
    });
    new Gauge({
      name: 'roost_outbox_relay_active',
      help: '1 in the process whose relay is active, 0 in the other replicas',
      registers,
      collect() {
        this.set(relay.active ? 1 : 0);
      },
    });
  }

  /** NaN if the database is unavailable: a scrape must neither fail nor hang. */
  async #read(query: (em: EntityManager) => Promise<number>): Promise<number> {
    try {
      return await query(this.orm.em.fork({ disableContextResolution: true }));
    } catch {
      return Number.NaN;
    }
  }
}
