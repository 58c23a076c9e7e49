import { Inject, Injectable } from '@nestjs/common';
import { Health, LOGGER, runWithoutRequestContext, SweepEvery } from '@roost/platform';
import type { Logger } from 'pino';
import { FeedSync } from './feed-sync.service.js';

/** The feeds that one process reads concurrently. */
const CONCURRENCY = 4;

/** Reads the feeds that are due. Several replicas may poll at once. */
@Injectable()
export class FeedPoller {
  private running: Promise<void> | null = null;
  private again = false;

  constructor(
    private readonly sync: FeedSync,
    private readonly health: Health,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Polls without waiting. */
  wake(): void {
    void runWithoutRequestContext(() => this.pollDue());
  }

  /** Reads until no feed is due, including the feeds that become due meanwhile. The due instants are in the database. */
  @SweepEvery(30, 'feed.poll')
  async pollDue(): Promise<void> {
    this.again = true;
    this.running ??= this.run();
    await this.running;
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.again) {
      this.again = false;
      await Promise.all(Array.from({ length: CONCURRENCY }, () => this.work()));
    }
    // Must be synchronous with the last check of `again`: a later call starts a new run.
    this.running = null;
  }

  private async work(): Promise<void> {
    try {
      while (!this.health.closing.aborted && (await this.sync.syncOne()));
    } catch (error) {
      if (this.health.closing.aborted) return;
      this.logger.error({ err: error }, 'polling of feeds failed; the next sweep will retry');
    }
  }
}
