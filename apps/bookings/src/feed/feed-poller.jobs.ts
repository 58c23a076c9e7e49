import { Inject, Injectable } from '@nestjs/common';
import { runWithoutRequestContext } from '@roost/platform';
import { Health, LOGGER } from '@roost/platform';
import type { Logger } from 'pino';
import { FeedSync } from './feed-sync.service.js';

/** Feeds that one process reads at a time. */
const AT_ONCE = 4;

/** Reads the feeds that are due; any number of replicas may. */
@Injectable()
export class FeedPoller {
  private running: Promise<void> | null = null;
  private again = false;

  constructor(
    private readonly sync: FeedSync,
    private readonly health: Health,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Somebody wants a feed read now. */
  wake(): void {
    void runWithoutRequestContext(() => this.pollDue());
  }

  /** Until none is due. Who calls while it runs waits for what became due meanwhile, too. */
  async pollDue(): Promise<void> {
    this.again = true;
    this.running ??= this.run().finally(() => (this.running = null));
    await this.running;
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.again) {
      this.again = false;
      await Promise.all(Array.from({ length: AT_ONCE }, () => this.work()));
    }
  }

  private async work(): Promise<void> {
    try {
      while (!this.health.closing.aborted && (await this.sync.syncOne()));
    } catch (error) {
      // It stays due; the next sweep tries again.
      if (!this.health.closing.aborted) this.logger.error({ err: error }, 'a feed could not be read');
    }
  }
}
