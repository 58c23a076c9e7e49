import { setTimeout as pause } from 'node:timers/promises';
import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Outbox, Transactions } from '@roost/messaging';
import { Clock, LOGGER, runWithoutRequestContext } from '@roost/platform';
import { localDate } from '@roost/stay';
import type { Logger } from 'pino';
import {
  blockedRanges,
  findDirty,
  lockPublications,
  storeSnapshots,
  takeDirty,
} from './calendar-publisher.queries.js';
import { blockFreedNights } from './imported-entries.js';

/** The most listings that are published in one transaction. */
const BATCH = 100;
/** Changes within this time share a round: one round costs as much as several bookings. */
const MIN_ROUND_MS = 50;

/**
 * Publishes calendar.changed: the blocked nights of a listing. A transaction that changes a calendar marks its listing as
 * dirty; the snapshot is computed afterwards, one at a time per listing, so it includes all earlier commits. A mark that
 * a crash left behind is found by the next sweep. Released nights go to a pending import before they are published.
 */
@Injectable()
export class CalendarPublisher {
  private running: Promise<void> | null = null;
  private again = false;

  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Call it inside a transaction that marks listings. */
  publishAfterCommit(): void {
    this.transactions.afterCommit(() => this.wake());
  }

  wake(): void {
    this.again = true;
    this.running ??= runWithoutRequestContext(() => this.run());
  }

  /** Publishes the listings that are dirty at the time of the call, and those that become dirty meanwhile. */
  async publishDue(): Promise<void> {
    for (;;) {
      const dirty = await findDirty(this.em.fork(), BATCH);
      if (dirty.length === 0) return;
      const pending = dirty.filter(({ hasPendingImport }) => hasPendingImport);
      for (const { calendarListingId } of pending) await this.blockFreed(calendarListingId);
      const published = await this.publish(dirty.map(({ calendarListingId }) => calendarListingId));
      if (dirty.length < BATCH && pending.length === 0 && published === dirty.length) return;
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.again) {
      const startedAt = performance.now();
      this.again = false;
      try {
        await this.publishDue();
      } catch (error) {
        this.logger.error({ err: error }, 'publishing calendars failed; the next sweep will retry');
      }
      await pause(Math.max(0, MIN_ROUND_MS - (performance.now() - startedAt)));
    }
    // Must be synchronous with the last check of `again`: a later `wake` starts a new run.
    this.running = null;
  }

  /** A separate transaction: one that released nights and claims others could deadlock. */
  private async blockFreed(calendarListingId: number): Promise<void> {
    await this.transactions.run((em) => blockFreedNights(em, calendarListingId), {
      isolation: 'read committed',
    });
  }

  /**
   * Returns the number of published listings. It is lower than the number requested if another replica has published
   * them, or if an import is pending. READ COMMITTED: each statement after the locks has to see the changes that the locks
   * waited for. The locks come before the first write, so transaction ids are in the order of versions.
   */
  private async publish(calendarListingIds: readonly number[]): Promise<number> {
    return await this.transactions.run(
      async (em) => {
        await lockPublications(em, calendarListingIds);
        const listings = await takeDirty(em, calendarListingIds);
        if (listings.length === 0) return 0;
        const now = this.clock.now();
        const blocked = await blockedRanges(
          em,
          listings.map((listing) => ({ ...listing, today: localDate(now, listing.timeZone ?? 'UTC') })),
        );
        const changed = await storeSnapshots(em, blocked, now);
        const publicIds = new Map(listings.map((listing) => [listing.calendarListingId, listing.listingId]));
        await this.outbox.addAll(
          em,
          'calendar.changed',
          changed.map(({ calendarListingId, version }) => ({
            body: {
              listingId: publicIds.get(calendarListingId) ?? '',
              blocked: blocked.get(calendarListingId) ?? [],
            },
            version,
          })),
        );
        return listings.length;
      },
      { isolation: 'read committed' },
    );
  }
}
