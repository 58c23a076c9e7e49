import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config, Problem, SystemClock, timeoutSignal, withTimeout } from '@roost/platform';
import type { PaymentsConfig } from '../config.js';
import { Payment } from '../payment/payment.entity.js';
import { Providers } from '../provider/providers.js';
import { DisputeCheckService } from './dispute-check.service.js';
import { FoundDifferences } from './found-differences.js';
import { ProviderComparisonService } from './provider-comparison.service.js';
import { RECONCILIATION_CHECKS, type ReconciliationCheck } from './reconciliation-check.js';
import { listFilter, type ReconciliationScope } from './reconciliation-scope.js';
import {
  type Difference,
  type DifferenceCounts,
  isBalanced,
  type OpenDispute,
  type Reconciliation,
  totalOf,
} from './reconciliation.dto.js';
import { countMovements } from './reconciliation.queries.js';
import { orUnreachable } from './unreachable-provider.js';

const TOO_LONG =
  'The history at the payment providers is too long for one request: start the reconciliation in the background with POST /v1/admin/reconciliation/runs.';

const ONE_AT_A_TIME =
  'Another request is comparing: wait for its response, or start the reconciliation in the background with POST /v1/admin/reconciliation/runs.';
/** Enough for a run in the background, which is the better way. */
const RETRY_AFTER_SECONDS = '300';

export interface ComparisonResult {
  payments: number;
  providerPayments: number;
  movements: number;
  counts: DifferenceCounts;
  /** The first of them. */
  differences: Difference[];
}

/** Compares providers, payments, ledger and bookings, and lists each difference. */
@Injectable()
export class ReconciliationService {
  /** Until the comparison has really ended: a request that has timed out leaves it in a call to a provider. */
  private isComparingNow = false;

  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly providers: Providers,
    private readonly comparison: ProviderComparisonService,
    @Inject(RECONCILIATION_CHECKS) private readonly checks: readonly ReconciliationCheck[],
    private readonly disputes: DisputeCheckService,
    private readonly clock: SystemClock,
    @Inject(CONFIG) private readonly config: Config<typeof PaymentsConfig>,
  ) {}

  /** Rejects with the reason of the signal at once when it is aborted; a call to a provider ends within its time-out. */
  compare(scope: ReconciliationScope): Promise<ComparisonResult> {
    return withTimeout(this.compareAll(scope), scope.signal);
  }

  /** Compares everything now, for the response to a request. */
  async compareNow(): Promise<Reconciliation> {
    if (this.isComparingNow) {
      throw new Problem('payment.reconciliation_running', ONE_AT_A_TIME, { runId: null });
    }
    this.isComparingNow = true;
    const signal = timeoutSignal(this.config.RECONCILIATION_ANSWER_SECONDS * 1_000);
    try {
      const comparison = this.compareAll({ since: null, signal }).finally(() => {
        this.isComparingNow = false;
      });
      const { counts, ...compared } = await withTimeout(comparison, signal);
      return {
        checkedAt: this.clock.now().toISOString(),
        ...compared,
        balanced: isBalanced(counts),
        moreDifferences: totalOf(counts) - compared.differences.length,
        disputes: await this.openDisputes(),
      };
    } catch (error) {
      if (signal.aborted && error === signal.reason)
        throw new Problem(
          'payment.reconciliation_too_long',
          TOO_LONG,
          {},
          { 'retry-after': RETRY_AFTER_SECONDS },
        );
      throw error;
    }
  }

  /** The disputes that the bank has not decided. */
  openDisputes(): Promise<OpenDispute[]> {
    return this.disputes.open();
  }

  private async compareAll(scope: ReconciliationScope): Promise<ComparisonResult> {
    const found = new FoundDifferences();
    for (const check of this.checks) {
      scope.signal.throwIfAborted();
      await found.add(check.run(this.orm.em.fork(), scope));
    }
    let providerPayments = 0;
    for (const provider of this.providers.all) {
      scope.signal.throwIfAborted();
      const before = providerPayments;
      const onProgress = (count: number) => {
        providerPayments = before + count;
        scope.onProgress?.(providerPayments);
      };
      const compared = this.comparison.compare(provider, { ...scope, onProgress });
      await found.add(orUnreachable(provider.name, 'payments', compared));
    }
    const em = this.orm.em.fork();
    const { createdSince } = listFilter(scope);
    return {
      payments: await em.count(Payment, createdSince === null ? {} : { createdAt: { $gte: createdSince } }),
      providerPayments,
      movements: await countMovements(em),
      counts: found.counts,
      differences: found.first,
    };
  }
}
