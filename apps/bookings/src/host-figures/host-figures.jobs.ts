import { Injectable } from '@nestjs/common';
import { Outbox, Transactions } from '@roost/messaging';
import { Clock, SweepEvery } from '@roost/platform';
import { addDuration } from '@roost/stay';
import { computeFigures, continueRunAfter, endRun, findHosts, lockDueRun } from './host-figures.queries.js';

/** The hosts whose figures are computed in one transaction. */
const PAGE = 100;

/** Computes the figures of all hosts once a day, page by page, and publishes those that changed. */
@Injectable()
export class HostFiguresJobs {
  constructor(
    private readonly transactions: Transactions,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** A run that a crash ended is continued after its last page. */
  @SweepEvery(60, 'host-figures.compute')
  async compute(): Promise<void> {
    while (await this.computePage());
  }

  /** Returns false if no run is due, or if this was its last page. */
  private async computePage(): Promise<boolean> {
    return await this.transactions.run(async (em) => {
      const now = this.clock.now();
      const run = await lockDueRun(em, now);
      if (!run) return false;
      const hostIds = await findHosts(em, run.lastHostId, PAGE);
      const lastHostId = hostIds.at(-1);
      if (lastHostId === undefined) {
        await endRun(em, addDuration(now, 'P1D'));
        return false;
      }
      const changed = await computeFigures(em, hostIds, { from: addDuration(now, '-P365D'), now });
      await this.outbox.addAll(
        em,
        'host.figures-changed',
        changed.map(({ version, ...body }) => ({ body, version })),
      );
      await continueRunAfter(em, lastHostId);
      return true;
    });
  }
}
