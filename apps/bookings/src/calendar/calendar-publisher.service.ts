import { setTimeout as pause } from 'node:timers/promises';
import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Outbox, Transactions } from '@roost/messaging';
import { runWithoutRequestContext } from '@roost/platform';
import { Clock, LOGGER } from '@roost/platform';
import { localDate } from '@roost/stay';
import type { Logger } from 'pino';
import {
  blockedRanges,
  dueListings,
  keepSnapshots,
  lockPublications,
  takeDirty,
} from './calendar-publisher.queries.js';
import { blockFreedNights } from './imported-entries.js';

/** Listings that are announced in one transaction, at most. */
const BATCH = 100;
/** Changes that come closer together than this share a round: one round costs as much as several bookings. */
const ROUNDS_APART_MS = 50;

/**
 * Tells the world which nights of a listing are blocked. Who changes a calendar leaves a mark in the same transaction; the
 * snapshot is computed afterwards, one at a time per listing, so it can't miss a neighbour that had not yet committed. A
 * mark that a crash left behind is found by the next sweep. Nights that came free go to the import that wanted them first.
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

  /** Called inside a transaction that leaves marks. */
  publishAfterCommit(): void {
    this.transactions.afterCommit(() => this.wake());
  }

  wake(): void {
    this.again = true;
    this.running ??= runWithoutRequestContext(() => this.run());
  }

  /** Announces what was marked when it was called, and all that is marked meanwhile by others. */
  async publishDue(): Promise<void> {
    for (;;) {
      const due = await dueListings(this.em.fork(), BATCH);
      if (due.length === 0) return;
      const wanting = due.filter(({ hasPendingImport }) => hasPendingImport);
      for (const { calendarListingId } of wanting) await this.blockFreed(calendarListingId);
      const announced = await this.announce(due.map(({ calendarListingId }) => calendarListingId));
      if (due.length < BATCH && wanting.length === 0 && announced === due.length) return;
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.again) {
      const from = performance.now();
      this.again = false;
      try {
        await this.publishDue();
      } catch (error) {
        this.logger.error({ err: error }, 'a calendar could not be announced; the next sweep tries again');
      }
      await pause(Math.max(0, ROUNDS_APART_MS - (performance.now() - from)));
    }
    // In one breath with the last look at `again`: who wakes after that starts anew.
    this.running = null;
  }

  /** Not in the transaction that freed them: whoever gives up nights and claims others may wait in a circle. */
  private async blockFreed(calendarListingId: number): Promise<void> {
    await this.transactions.run((em) => blockFreedNights(em, calendarListingId), {
      isolation: 'read committed',
    });
  }

  /**
   * READ COMMITTED: each statement after the locks has to see what they waited for. The locks come before the first
   * write, so transaction ids are in the order of versions. Fewer than were asked for: others have done the rest, or an
   * import comes first.
   */
  private async announce(calendarListingIds: readonly number[]): Promise<number> {
    return await this.transactions.run(
      async (em) => {
        await lockPublications(em, calendarListingIds);
        const listings = await takeDirty(em, calendarListingIds);
        if (listings.length === 0) return 0;
        const now = this.clock.now();
        const told = await blockedRanges(
          em,
          listings.map((listing) => ({ ...listing, today: localDate(now, listing.timeZone ?? 'UTC') })),
        );
        const news = await keepSnapshots(em, told, now);
        const publicIds = new Map(listings.map((listing) => [listing.calendarListingId, listing.listingId]));
        await this.outbox.addAll(
          em,
          'calendar.changed',
          news.map(({ calendarListingId, version }) => ({
            body: {
              listingId: publicIds.get(calendarListingId) ?? '',
              blocked: told.get(calendarListingId) ?? [],
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
