import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { CONFIG, type Config, LOGGER, SystemClock } from '@roost/platform';
import type { Logger } from 'pino';
import type { PaymentsConfig } from '../config.js';
import type { Difference, DifferenceKind } from './reconciliation.dto.js';
import { findLastRun, insertRun, type StoredRun } from './reconciliation-run.queries.js';
import { ReconciliationService } from './reconciliation.service.js';

const MAX_STORED_DIFFERENCES = 1_000;
/** After a start without any stored run: work of the start itself is not reported. */
const FIRST_RUN_AFTER_MINUTES = 5;

/** Reconciles regularly and stores the results. */
@Injectable()
export class ReconciliationRunService {
  private readonly startedAt: Date;
  private readonly intervalMinutes: number;

  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly reconciliation: ReconciliationService,
    private readonly clock: SystemClock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CONFIG) config: Config<typeof PaymentsConfig>,
  ) {
    this.startedAt = clock.now();
    this.intervalMinutes = config.RECONCILIATION_MINUTES;
  }

  last(): Promise<StoredRun | null> {
    return findLastRun(this.orm.em.fork({ disableContextResolution: true }));
  }

  /** Seconds since the last run; without one, since the start of this process. */
  ageSeconds(last: StoredRun | null): number {
    return (this.clock.now().getTime() - (last?.finishedAt ?? this.startedAt).getTime()) / 1_000;
  }

  async runIfDue(): Promise<void> {
    const last = await this.last();
    const waitMinutes = last ? this.intervalMinutes : Math.min(this.intervalMinutes, FIRST_RUN_AFTER_MINUTES);
    if (this.ageSeconds(last) >= waitMinutes * 60) await this.run();
  }

  async run(): Promise<StoredRun> {
    const startedAt = this.clock.now();
    const { payments, providerPayments, movements, differences } = await this.reconciliation.run();
    const run = {
      ...{ startedAt, finishedAt: this.clock.now(), payments, providerPayments, movements },
      counts: countsOf(differences),
      differences: differences.slice(0, MAX_STORED_DIFFERENCES),
    };
    await this.transactions.run((em) => insertRun(em, run), { isolation: 'read committed' });
    if (differences.length > 0) {
      this.logger.error({ counts: run.counts }, 'reconciliation found differences');
    }
    return run;
  }
}

function countsOf(differences: readonly Difference[]): Partial<Record<DifferenceKind, number>> {
  const counts: Partial<Record<DifferenceKind, number>> = {};
  for (const { kind } of differences) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
