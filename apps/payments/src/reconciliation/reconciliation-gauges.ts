import { Injectable } from '@nestjs/common';
import { Metrics } from '@roost/platform';
import { Gauge } from 'prom-client';
import { type DifferenceKind, differenceKinds, differenceRules } from './reconciliation.dto.js';
import type { LastRuns } from './reconciliation-run.queries.js';
import { ReconciliationRunService } from './reconciliation-run.service.js';

/** A difference in the history at a provider stays until a complete run that reads it does not find it. */
const countOf = (kind: DifferenceKind, { any, complete, full }: LastRuns): number =>
  Math.max(
    ...[any, ...(differenceRules[kind].ofHistory ? [complete, full] : [])].map(
      (run) => run?.counts[kind] ?? 0,
    ),
  );

/** Gauges of the last reconciliations, read from the database on every scrape: each replica shows the same. */
@Injectable()
export class ReconciliationGauges {
  #reading: Promise<LastRuns | undefined> | undefined;

  constructor(
    private readonly runs: ReconciliationRunService,
    { registry }: Metrics,
  ) {
    const read = () => this.#read();
    new Gauge({
      name: 'payments_reconciliation_differences',
      help: 'Differences that the last reconciliation found, by kind; those in the history of the providers also of the last complete and the last complete full one',
      labelNames: ['kind'],
      registers: [registry],
      async collect() {
        const found = await read();
        for (const kind of differenceKinds) this.set({ kind }, found ? countOf(kind, found) : Number.NaN);
      },
    });
    const isPaused = () => this.runs.isRestorationOpen().catch(() => undefined);
    new Gauge({
      name: 'payments_payouts_paused',
      help: '1 while payouts wait for a reconciliation without differences, after a restore from a backup',
      registers: [registry],
      async collect() {
        const paused = await isPaused();
        this.set(paused === undefined ? Number.NaN : Number(paused));
      },
    });
    const age = (name: string, help: string, of: keyof LastRuns) => {
      const ageOf = (found: LastRuns | undefined) => (found ? this.runs.ageSeconds(found[of]) : Number.NaN);
      new Gauge({
        ...{ name, help, registers: [registry] },
        async collect() {
          this.set(ageOf(await read()));
        },
      });
    };
    age(
      'payments_reconciliation_age_seconds',
      'Seconds since the last reconciliation ended; without one, since the start of the process',
      'any',
    );
    age(
      'payments_reconciliation_full_age_seconds',
      'Seconds since the last complete full reconciliation ended; without one, since the start of the process',
      'full',
    );
  }

  /** Once for all gauges of a scrape. */
  #read(): Promise<LastRuns | undefined> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Undefined if the database is unavailable: a scrape must neither fail nor hang. */
  async #readNow(): Promise<LastRuns | undefined> {
    try {
      return await this.runs.lastRuns();
    } catch {
      return undefined;
    }
  }
}
