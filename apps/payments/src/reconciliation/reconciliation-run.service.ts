import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '@roost/audit';
import { decodeCursor, Idempotency, page, type PageOf } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { CONFIG, type Config, Problem, SystemClock, uuidv7 } from '@roost/platform';
import { z } from 'zod';
import { AuditLog } from '../audit/audit-log.service.js';
import type { PaymentsConfig } from '../config.js';
import { isRestorationOpen } from '../restoration/restoration.queries.js';
import {
  type RunDetailsView,
  type RunsQuery,
  type RunSummaryView,
  toRunDetailsView,
  toRunSummaryView,
} from './reconciliation-run.dto.js';
import {
  abandonedRuns,
  findLastRun,
  type FinishedRun,
  findRun,
  insertRun,
  type LastRuns,
  lastRuns,
  listRuns,
  type RunScope,
  type RunSummary,
} from './reconciliation-run.queries.js';
import { ReconciliationQueue } from './reconciliation.queue.js';

/** After a start without any stored run: work of the start itself is not reported. */
const FIRST_RUN_AFTER_MINUTES = 5;
/** The regular runs compare the whole history this often. */
const FULL_RUN_HOURS = 24;
const MINUTE_MS = 60_000;

/** Starts runs of the reconciliation, on request and regularly, and reads their results. */
@Injectable()
export class ReconciliationRunService {
  private readonly startedAt: Date;

  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly queue: ReconciliationQueue,
    private readonly auditLog: AuditLog,
    private readonly clock: SystemClock,
    @Inject(CONFIG) private readonly config: Config<typeof PaymentsConfig>,
  ) {
    this.startedAt = clock.now();
  }

  /** The newest run with a result, of one scope or of all. */
  last(scope: RunScope | null): Promise<FinishedRun | null> {
    return findLastRun(this.orm.em.fork(), scope);
  }

  /** Whether payouts wait for a run without differences, after a restore from a backup. */
  isRestorationOpen(): Promise<boolean> {
    return isRestorationOpen(this.orm.em.fork({ disableContextResolution: true }));
  }

  lastRuns(): Promise<LastRuns> {
    return lastRuns(this.orm.em.fork({ disableContextResolution: true }));
  }

  /** Seconds since the end of a run; without one, since the start of this process. */
  ageSeconds(last: { finishedAt: Date | null } | null): number {
    return (this.clock.now().getTime() - (last?.finishedAt ?? this.startedAt).getTime()) / 1_000;
  }

  async find(id: string): Promise<RunDetailsView> {
    const run = await findRun(this.orm.em.fork(), id);
    if (!run) throw new Problem('payment.reconciliation_not_found');
    return toRunDetailsView(run);
  }

  /** Newest first, without their differences. */
  async list({ cursor, limit, ...filter }: RunsQuery): Promise<PageOf<RunSummaryView>> {
    const before = decodeCursor(cursor, z.int());
    const runs = await listRuns(this.orm.em.fork(), { ...filter, before, limit: limit + 1 });
    const { data, nextCursor } = page(runs, limit, ({ position }) => position);
    return { data: data.map(toRunSummaryView), nextCursor };
  }

  /** Starts a run; without `actor`, a regular one. Only one of each scope runs at a time, in all processes. */
  start(scope: RunScope, actor?: Actor): Promise<RunDetailsView> {
    return this.idempotency.runOnce(
      async (em) => {
        const run = await this.insert(em, scope);
        if (actor)
          await this.auditLog.record(em, {
            ...{ actor, action: 'reconciliation.start', paymentId: null, reason: undefined },
            subject: { type: 'reconciliation', id: run.id },
            details: { scope },
          });
        return run;
      },
      { isolation: 'read committed' },
    );
  }

  /** Starts the regular run that is due. A full run that fails or takes long delays no recent one, and these delay no full one. */
  async runIfDue(): Promise<void> {
    const em = this.orm.em.fork();
    const newest = async (scope: RunScope) => (await listRuns(em, { scope, before: null, limit: 1 }))[0];
    const [full, recent] = [await newest('full'), await newest('recent')];
    if (!full && !recent && this.ageSeconds(null) < FIRST_RUN_AFTER_MINUTES * 60) return;
    const complete = (await lastRuns(em)).full ?? undefined;
    const isFullDue = !complete || this.ageOf(complete.startedAt) >= FULL_RUN_HOURS * 60 * MINUTE_MS;
    if (isFullDue && this.hasPassed(full)) return this.startUnlessRunning('full');
    const hasStarted = full?.status === 'running' && this.ageOf(full.startedAt) < this.intervalMs;
    if (!hasStarted && this.hasPassed(complete) && this.hasPassed(recent)) {
      return this.startUnlessRunning('recent');
    }
  }

  /** Enqueues running runs without a lease. */
  async resume(): Promise<void> {
    for (const id of await abandonedRuns(this.orm.em.fork())) this.queue.enqueue(id);
  }

  private async insert(em: EntityManager, scope: RunScope): Promise<RunDetailsView> {
    const startedAt = this.clock.now();
    const windowMs = this.config.RECONCILIATION_DAYS * 24 * 60 * MINUTE_MS;
    const since = scope === 'recent' ? new Date(startedAt.getTime() - windowMs) : null;
    const id = uuidv7();
    if (!(await insertRun(em, { id, scope, since, startedAt }))) {
      const [running] = await listRuns(em, { status: 'running', scope, before: null, limit: 1 });
      throw new Problem('payment.reconciliation_running', undefined, { runId: running?.id ?? null });
    }
    this.transactions.afterCommit(() => this.queue.enqueue(id));
    const run = await findRun(em, id);
    if (!run) throw new Error('The stored run is missing');
    return toRunDetailsView(run);
  }

  private async startUnlessRunning(scope: RunScope): Promise<void> {
    try {
      await this.start(scope);
    } catch (error) {
      // Another process has just started one.
      if (!(error instanceof Problem) || error.code !== 'payment.reconciliation_running') throw error;
    }
  }

  /** Whether the interval since the end of a run has passed; true without a run. */
  private hasPassed(run: RunSummary | undefined): boolean {
    if (!run) return true;
    return run.finishedAt !== null && this.ageOf(run.finishedAt) >= this.intervalMs;
  }

  private get intervalMs(): number {
    return this.config.RECONCILIATION_MINUTES * MINUTE_MS;
  }

  private ageOf(instant: Date): number {
    return this.clock.now().getTime() - instant.getTime();
  }
}
