import { MikroORM } from '@mikro-orm/postgresql';
import { Process } from '@nestjs/bull';
import { Inject } from '@nestjs/common';
import { Clock, Jobs, LOGGER, runTracedJob, SweepEvery, type TracedJobData } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import type { Job } from 'bull';
import type { Logger } from 'pino';
import { inLanes } from '../operation/lanes.js';
import { QUEUE } from '../operation/operation.queue.js';
import { type HostCurrency, hostsToPay } from './payout-booking.queries.js';
import { PayoutMaker } from './payout-maker.service.js';
import { PayoutRunner } from './payout-runner.service.js';
import { CONCURRENCY, TRANSFER } from './payout.queue.js';

const BATCH_SIZE = 200;

@Jobs(QUEUE)
export class PayoutJobs {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly maker: PayoutMaker,
    private readonly runner: PayoutRunner,
    private readonly clock: Clock,
    private readonly tracing: Tracing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The row is the source of truth: the sweeper retries a failed call. */
  @Process({ name: TRANSFER, concurrency: CONCURRENCY })
  async transfer(job: Job<{ payoutId: string } & TracedJobData>): Promise<void> {
    await runTracedJob(this.tracing, job, () => this.each([job.data.payoutId], (id) => this.runner.run(id)));
  }

  /** Makes the payouts that are due, and finishes those that a crash or a lost response has interrupted. */
  @SweepEvery(30, 'payout.run')
  async run(): Promise<void> {
    const em = this.orm.em.fork();
    for (let after: HostCurrency | null = null; ;) {
      const hosts: HostCurrency[] = await hostsToPay(em, this.clock.now(), after, BATCH_SIZE);
      await this.each(hosts, (host) => this.maker.make(host));
      after = hosts.at(-1) ?? null;
      if (hosts.length < BATCH_SIZE) break;
    }
    await this.each(await this.runner.due(BATCH_SIZE), (id) => this.runner.run(id));
  }

  private each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    return inLanes(items, CONCURRENCY, work, (error) =>
      this.logger.error({ err: error }, 'payout failed; the sweeper will retry'),
    );
  }
}
