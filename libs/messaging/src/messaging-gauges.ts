import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import { Relay } from './relay.js';

/** What an operator watches; read from the database when Prometheus asks. */
@Injectable()
export class MessagingGauges {
  constructor(
    @Inject(MESSAGING_OPTIONS) options: MessagingOptions,
    @Inject(MikroORM) private readonly orm: MikroORM,
    relay: Relay,
  ) {
    if (!options.metrics) return;
    const registers = [options.metrics];
    const read = (sql: string) => this.#read(sql);
    new Gauge({
      name: 'roost_dead_letters',
      help: 'Events that are parked, or wait behind one that is',
      registers,
      async collect() {
        this.set(await read('SELECT count(*)::float8 AS value FROM dead_letter'));
      },
    });
    new Gauge({
      name: 'roost_outbox_oldest_seconds',
      help: 'Age of the oldest event that some listener has not passed yet',
      registers,
      async collect() {
        this.set(
          await read(
            `SELECT coalesce((
               SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 FROM outbox_event
               WHERE (xid, id) > (SELECT xid, id FROM outbox_cursor ORDER BY xid, id LIMIT 1)
               ORDER BY xid, id LIMIT 1), 0) AS value`,
          ),
        );
      },
    });
    new Gauge({
      name: 'roost_outbox_refused',
      help: 'Events that could not be told and wait for an operator: see "outbox refused"',
      registers,
      async collect() {
        this.set(
          await read('SELECT count(*)::float8 AS value FROM outbox_event WHERE refused_at IS NOT NULL'),
        );
      },
    });
    new Gauge({
      name: 'roost_outbox_relay_active',
      help: '1 in the process that relays this service, 0 in its replicas',
      registers,
      collect() {
        this.set(relay.active ? 1 : 0);
      },
    });
  }

  /** A scrape must not fail, nor hang, because the database is away: then there is no number. */
  async #read(sql: string): Promise<number> {
    try {
      const [row] = await this.orm.em
        .fork({ disableContextResolution: true })
        .execute<{ value: number }[]>(sql);
      return Number(row?.value);
    } catch {
      return Number.NaN;
    }
  }
}
