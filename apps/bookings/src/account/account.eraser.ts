import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { LOGGER, outsideRequests, SweepEvery, SystemClock } from '@roost/platform';
import { addMinutes } from '@roost/stay';
import type { Logger } from 'pino';
import { eraseBookingTexts } from '../booking/booking.queries.js';
import { eraseHostNotes } from '../calendar/calendar.queries.js';
import { FeedService } from '../feed/feed.service.js';
import { eraseMessages } from '../message/message.queries.js';

/** An access token outlives its account by 10 minutes, and a request by less: what is written until then goes as well. */
const LATE_WRITES_MINUTES = 15;

/**
 * Takes away what erased people wrote and the secrets they left here. Their bookings stay, under an id that names
 * nobody: the other side and the ledger need them.
 */
@Injectable()
export class AccountEraser {
  private running = Promise.resolve();

  constructor(
    private readonly transactions: Transactions,
    private readonly feeds: FeedService,
    private readonly systemClock: SystemClock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** In the transaction of the event; a row is left behind, so that a crash loses nothing. */
  async eraseAfterCommit(em: EntityManager, userId: string): Promise<void> {
    await em.execute('INSERT INTO erasure (user_id, due_at) VALUES (?, ?) ON CONFLICT DO NOTHING', [
      userId,
      this.systemClock.now(),
    ]);
    this.transactions.afterCommit(() => {
      this.running = outsideRequests(() => this.eraseAfter(this.running));
    });
  }

  @SweepEvery(60, 'account.erase')
  async eraseDue(): Promise<void> {
    while (await this.eraseNext());
  }

  private async eraseAfter(before: Promise<void>): Promise<void> {
    await before;
    await this.eraseDue().catch((error: unknown) =>
      this.logger.warn({ err: error }, 'an erasure is left to the sweeper'),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.running;
  }

  /** READ COMMITTED: it has to see what was written up to now. Done twice, at once and when nobody can write any more. */
  private async eraseNext(): Promise<boolean> {
    const now = this.systemClock.now();
    return await this.transactions.begin(
      async (em) => {
        const [due] = await em.execute<{ userId: string; last: boolean }[]>(
          `SELECT user_id AS "userId", last FROM erasure WHERE due_at <= ?
           ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
          [now],
        );
        if (!due) return false;
        const { userId, last } = due;
        await this.feeds.removeAllOf(em, userId);
        await eraseHostNotes(em, userId);
        await eraseMessages(em, userId);
        await eraseBookingTexts(em, userId);
        // Answers kept for a day, which repeat what was sent.
        await em.execute('DELETE FROM idempotency_key WHERE user_id = ? AND status IS NOT NULL', [userId]);
        await (last
          ? em.execute('DELETE FROM erasure WHERE user_id = ?', [userId])
          : em.execute('UPDATE erasure SET due_at = ?, last = true WHERE user_id = ?', [
              addMinutes(now, LATE_WRITES_MINUTES),
              userId,
            ]));
        return true;
      },
      { isolation: 'read committed' },
    );
  }
}
