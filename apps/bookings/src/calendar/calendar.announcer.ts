import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Outbox, Transactions } from '@roost/messaging';
import { Clock, LOGGER, outsideRequests } from '@roost/platform';
import { localDate } from '@roost/stay';
import type { Logger } from 'pino';
import { blockedRanges, lockAnnouncement } from './calendar.queries.js';

/**
 * Tells the world which nights of a listing are blocked. Who changes a calendar leaves a mark in the same transaction; the
 * snapshot is computed afterwards, one at a time per listing, so it can't miss a neighbour that had not yet committed. A
 * mark that a crash left behind is found by the next sweep.
 */
@Injectable()
export class CalendarAnnouncer {
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
  announceAfterCommit(): void {
    this.transactions.afterCommit(() => this.wake());
  }

  wake(): void {
    this.again = true;
    this.running ??= outsideRequests(() => this.run()).finally(() => (this.running = null));
  }

  /** Announces until no mark is left. */
  async announceDue(): Promise<void> {
    for (;;) {
      const marked = await this.em
        .fork()
        .execute<{ listingId: string }[]>(
          'SELECT DISTINCT listing_id AS "listingId" FROM calendar_mark LIMIT 100',
        );
      if (marked.length === 0) return;
      for (const { listingId } of marked) await this.announce(Number(listingId));
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.again) {
      this.again = false;
      try {
        await this.announceDue();
      } catch (error) {
        this.logger.error({ err: error }, 'a calendar could not be announced; the next sweep tries again');
      }
    }
  }

  /**
   * READ COMMITTED: each statement after the lock has to see what the lock waited for. The lock comes before the first
   * write, so transaction ids are in the order of versions.
   */
  private async announce(calendarListingId: number): Promise<void> {
    await this.transactions.run(
      async (em) => {
        await lockAnnouncement(em, calendarListingId);
        const marks = await em.execute<unknown[]>(
          'DELETE FROM calendar_mark WHERE listing_id = ? RETURNING id',
          [calendarListingId],
        );
        if (marks.length === 0) return;
        const [listing] = await em.execute<{ id: string; timeZone: string | null }[]>(
          `SELECT l.public_id AS id, s.time_zone AS "timeZone" FROM calendar_listing l
           LEFT JOIN listing_snapshot s ON s.listing_id = l.public_id WHERE l.id = ?`,
          [calendarListingId],
        );
        if (!listing) return;
        const today = localDate(this.clock.now(), listing.timeZone ?? 'UTC');
        const blocked = await blockedRanges(em, calendarListingId, today);
        const [news] = await em.execute<{ version: number }[]>(
          `INSERT INTO calendar_snapshot AS known (listing_id, version, blocked)
           SELECT said.listing_id, 1, said.blocked FROM (SELECT ?::bigint AS listing_id, ?::jsonb AS blocked) said
           WHERE said.blocked <> '[]' OR EXISTS (SELECT FROM calendar_snapshot k WHERE k.listing_id = said.listing_id)
           ON CONFLICT (listing_id) DO UPDATE SET version = known.version + 1, blocked = excluded.blocked
           WHERE known.blocked <> excluded.blocked RETURNING version`,
          [calendarListingId, JSON.stringify(blocked)],
        );
        if (!news) return;
        await this.outbox.add(em, 'calendar.changed', { listingId: listing.id, blocked }, news);
      },
      { isolation: 'read committed' },
    );
  }
}
