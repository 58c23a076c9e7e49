import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { faultPoint, Transactions } from '@roost/messaging';
import { LOGGER, SystemClock } from '@roost/platform';
import type { Logger } from 'pino';
import { endRestorations } from '../restoration/restoration.queries.js';
import { isComplete, totalOf } from './reconciliation.dto.js';
import {
  type ClaimedRun,
  claimRun,
  failRun,
  finishRun,
  releaseRun,
  renewRun,
  type RunFailure,
} from './reconciliation-run.queries.js';
import { type ComparisonResult, ReconciliationService } from './reconciliation.service.js';

const RENEW_MS = 5_000;
/** After this many processes that ended during a run, it fails: the run itself may end them. */
const MAX_TRIES = 3;
/** A result would be about another day. */
const MAX_HOURS = 24;

/** Runs a stored reconciliation: claim → compare → record. A run whose process ends is repeated by another one. */
@Injectable()
export class ReconciliationRunner implements OnModuleDestroy {
  private readonly stopped = new AbortController();
  private readonly current = new Set<Promise<void>>();

  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly reconciliation: ReconciliationService,
    private readonly clock: SystemClock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Does nothing if the run has ended or another process has it. */
  async run(id: string): Promise<void> {
    if (this.stopped.signal.aborted) return;
    // From the claim on: a stop would otherwise leave the lease of a run that it does not know.
    const work = this.claimAndCompare(id);
    this.current.add(work);
    await work.finally(() => this.current.delete(work));
  }

  /** A stop does not wait for the comparison: another process repeats it. */
  async onModuleDestroy(): Promise<void> {
    this.stopped.abort();
    await Promise.allSettled(this.current);
  }

  private async claimAndCompare(id: string): Promise<void> {
    const run = await claimRun(this.em(), id);
    if (!run) return;
    if (run.tries > MAX_TRIES) return this.fail(run, 'interrupted');
    if (this.isTooOld(run)) return this.fail(run, 'too_long');
    await this.compare(run);
  }

  private async compare(run: ClaimedRun): Promise<void> {
    const lost = new AbortController();
    const expired = new AbortController();
    const signal = AbortSignal.any([this.stopped.signal, lost.signal, expired.signal]);
    let providerPayments = 0;
    const onProgress = (count: number) => {
      providerPayments = count;
    };
    const renewal = setInterval(() => {
      if (this.isTooOld(run)) expired.abort();
      renewRun(this.em(), run, providerPayments).then(
        (isOwned) => isOwned || lost.abort(),
        (error: unknown) => this.logger.warn({ err: error, runId: run.id }, 'lease not renewed'),
      );
    }, RENEW_MS);
    try {
      await faultPoint('payments.reconciling');
      const compared = await this.reconciliation.compare({ since: run.since, signal, onProgress });
      await this.record(run, compared);
    } catch (error) {
      if (this.stopped.signal.aborted) return await releaseRun(this.em(), run);
      if (lost.signal.aborted) return;
      if (expired.signal.aborted) return await this.fail(run, 'too_long');
      this.logger.error({ err: error, runId: run.id }, 'reconciliation failed');
      await this.fail(run, 'error');
    } finally {
      clearInterval(renewal);
    }
  }

  private async record(run: ClaimedRun, compared: ComparisonResult): Promise<void> {
    const { counts } = compared;
    const result = { ...compared, complete: isComplete(counts), finishedAt: this.clock.now() };
    const isClean = run.since === null && result.complete && totalOf(counts) === 0;
    await this.transactions.run(
      async (em) => {
        if ((await finishRun(em, run, result)) && isClean) await endRestorations(em, run);
      },
      { isolation: 'read committed' },
    );
    if (totalOf(counts) > 0) this.logger.error({ counts }, 'reconciliation found differences');
  }

  /** Stops of processes count as no try: without this, a run that outlasts the time between them would never end. */
  private isTooOld({ startedAt }: ClaimedRun): boolean {
    return this.clock.now().getTime() - startedAt.getTime() > MAX_HOURS * 3_600_000;
  }

  private fail(run: ClaimedRun, code: RunFailure): Promise<void> {
    return failRun(this.em(), run, { code, at: this.clock.now() });
  }

  private em() {
    return this.orm.em.fork({ disableContextResolution: true });
  }
}
