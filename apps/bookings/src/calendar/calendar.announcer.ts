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
        const [known] = await em.execute<Known[]>(
          `SELECT l.public_id AS "listingId", s.time_zone AS "timeZone", coalesce(c.version, 0) AS version,
             coalesce(c.blocked, '[]') AS blocked
           FROM calendar_listing l LEFT JOIN listing_snapshot s ON s.listing_id = l.public_id
           LEFT JOIN calendar_snapshot c ON c.listing_id = l.id WHERE l.id = ?`,
          [calendarListingId],
        );
        if (!known) return;
        const today = localDate(this.clock.now(), known.timeZone ?? 'UTC');
        const blocked = await blockedRanges(em, calendarListingId, today);
        if (JSON.stringify(blocked) === JSON.stringify(known.blocked)) return;
        const version = known.version + 1;
        await em.execute(
          `INSERT INTO calendar_snapshot (listing_id, version, blocked) VALUES (?, ?, ?::jsonb)
           ON CONFLICT (listing_id) DO UPDATE SET version = excluded.version, blocked = excluded.blocked`,
          [calendarListingId, version, JSON.stringify(blocked)],
        );
        await this.outbox.add(em, 'calendar.changed', { listingId: known.listingId, blocked }, { version });
      },
      { isolation: 'read committed' },
    );
  }
}

interface Known {
  listingId: string;
  timeZone: string | null;
  version: number;
  blocked: { from: string; to: string }[];
}
