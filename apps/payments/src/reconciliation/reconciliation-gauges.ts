import { Injectable } from '@nestjs/common';
import { Metrics } from '@roost/platform';
import { Gauge } from 'prom-client';
import { differenceKinds } from './reconciliation.dto.js';
import type { StoredRun } from './reconciliation-run.queries.js';
import { ReconciliationRunService } from './reconciliation-run.service.js';

/** Gauges of the last reconciliation, read from the database on every scrape: each replica shows the same. */
@Injectable()
export class ReconciliationGauges {
  constructor(
    private readonly runs: ReconciliationRunService,
    { registry }: Metrics,
  ) {
    const read = () => this.#read();
    const ageOf = (last: StoredRun | null) => this.runs.ageSeconds(last);
    new Gauge({
      name: 'payments_reconciliation_differences',
      help: 'Differences that the last reconciliation found, by kind',
      labelNames: ['kind'],
      registers: [registry],
      async collect() {
        const last = await read();
        for (const kind of differenceKinds) {
          this.set({ kind }, last === undefined ? Number.NaN : (last?.counts[kind] ?? 0));
        }
      },
    });
    new Gauge({
      name: 'payments_reconciliation_age_seconds',
      help: 'Seconds since the last reconciliation ended; without one, since the start of the process',
      registers: [registry],
      async collect() {
        const last = await read();
        this.set(last === undefined ? Number.NaN : ageOf(last));
      },
    });
  }

  /** Undefined if the database is unavailable: a scrape must neither fail nor hang. */
  async #read(): Promise<StoredRun | null | undefined> {
    try {
      return await this.runs.last();
    } catch {
      return undefined;
    }
  }
}
