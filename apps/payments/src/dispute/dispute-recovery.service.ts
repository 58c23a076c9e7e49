import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config, LOGGER, SystemClock } from '@roost/platform';
import type { Logger } from 'pino';
import type { PaymentsConfig } from '../config.js';
import { inLanes } from '../operation/lanes.js';
import { CONCURRENCY } from '../operation/operation.queue.js';
import type { PaymentProvider, ProviderDispute } from '../provider/provider.port.js';
import { Providers } from '../provider/providers.js';
import { claimDisputeSearch, claimOpenDisputes, recordedStatuses } from './dispute.queries.js';
import { DisputeService } from './dispute.service.js';

/** A search reads the disputes of this many days and at most this many. Reconciliation compares all of them. */
const SEARCH_DAYS = 14;
const SEARCH_LIMIT = 1_000;
const BATCH_SIZE = 100;

/** Finds the disputes and decisions whose webhook was lost. */
@Injectable()
export class DisputeRecovery {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly providers: Providers,
    private readonly disputes: DisputeService,
    private readonly clock: SystemClock,
    @Inject(CONFIG) private readonly config: Config<typeof PaymentsConfig>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async run(): Promise<void> {
    for (const provider of this.providers.all) {
      if (provider.disputes) await this.attempt(() => this.search(provider));
    }
    await this.refreshOpen();
  }

  /** Reads the recent disputes of a provider, newest first, and records those that differ. */
  private async search(provider: PaymentProvider): Promise<void> {
    const interval = this.config.DISPUTE_CHECK_SECONDS;
    if (!(await claimDisputeSearch(this.orm.em.fork(), provider.name, interval))) return;
    const since = new Date(this.clock.now().getTime() - SEARCH_DAYS * 86_400_000);
    let batch: ProviderDispute[] = [];
    let read = 0;
    for await (const dispute of provider.disputes?.all({ createdSince: since }) ?? []) {
      if (dispute.createdAt < since || ++read > SEARCH_LIMIT) break;
      if (batch.push(dispute) < BATCH_SIZE) continue;
      await this.refreshChanged(provider, batch);
      batch = [];
    }
    await this.refreshChanged(provider, batch);
  }

  private async refreshChanged(provider: PaymentProvider, batch: readonly ProviderDispute[]): Promise<void> {
    const recorded = await recordedStatuses(
      this.orm.em.fork(),
      provider.name,
      batch.map(({ ref }) => ref),
    );
    for (const { ref, status } of batch) {
      const stored = recorded.get(ref);
      if (stored === status || stored === 'won' || stored === 'lost') continue;
      await this.attempt(() => this.disputes.refresh(provider, ref));
    }
  }

  private async refreshOpen(): Promise<void> {
    const open = await claimOpenDisputes(this.orm.em.fork(), this.config.DISPUTE_CHECK_SECONDS, BATCH_SIZE);
    await inLanes(
      open,
      CONCURRENCY,
      ({ provider, ref }) => this.disputes.refresh(this.providers.of(provider), ref),
      (error) => this.report(error),
    );
  }

  /** A failure does not block the others; the work is repeated when it is due again. */
  private async attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.report(error);
    }
  }

  private report(error: unknown): void {
    this.logger.error({ err: error }, 'dispute recovery failed; the sweeper will retry');
  }
}
