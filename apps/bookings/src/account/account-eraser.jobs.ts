import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { runWithoutRequestContext } from '@roost/platform';
import { LOGGER, SweepEvery, SystemClock } from '@roost/platform';
import { addMinutes } from '@roost/stay';
import type { Logger } from 'pino';
import { eraseBookingTexts } from '../booking/booking.queries.js';
import { eraseHostNotes } from '../calendar/calendar.queries.js';
import { FeedService } from '../feed/feed.service.js';
import { eraseMessages } from '../message/message.queries.js';

/** An access token outlives its account by 10 minutes, and a request by less: what is written until then goes as well. */
const LATE_WRITES_MINUTES = 15;
/** Erasures of a sweep. */
const BATCH = 500;

/**
 * Takes away what erased people wrote and the secrets they left here. Their bookings stay, under an id that names
 * nobody: the other side and the ledger need them.
 */
@Injectable()
export class AccountEraser {
  private running = Promise.resolve();

  constructor(
    private readonly em: EntityManager,
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
      this.running = runWithoutRequestContext(() => this.eraseAfter(this.running, userId));
    });
  }

  @SweepEvery(60, 'account.erase')
  async eraseDue(): Promise<void> {
    const due = await this.em
      .fork()
      .execute<{ userId: string }[]>(
        'SELECT user_id AS "userId" FROM erasure WHERE due_at <= ? ORDER BY due_at LIMIT ?',
        [this.systemClock.now(), BATCH],
      );
    for (const { userId } of due) await this.tryToErase(userId);
  }

  private async eraseAfter(before: Promise<void>, userId: string): Promise<void> {
    await before;
    await this.tryToErase(userId);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.running;
  }

  /** One that fails must not keep the others waiting; it stays due. */
  private async tryToErase(userId: string): Promise<void> {
    try {
      await this.erase(userId);
    } catch (error) {
      this.logger.error({ err: error, userId }, 'an erasure failed; the next sweep tries again');
    }
  }

  /** READ COMMITTED: it has to see what was written up to now. Done twice, at once and when nobody can write any more. */
  private async erase(userId: string): Promise<void> {
    const now = this.systemClock.now();
    await this.transactions.begin(
      async (em) => {
        const [due] = await em.execute<{ last: boolean }[]>(
          'SELECT last FROM erasure WHERE user_id = ? AND due_at <= ? FOR UPDATE SKIP LOCKED',
          [userId, now],
        );
        if (!due) return;
        // Bookings before their nights, as everybody locks them.
        await eraseBookingTexts(em, userId);
        await this.feeds.removeAllOf(em, userId);
        await eraseHostNotes(em, userId);
        await eraseMessages(em, userId);
        // Answers kept for a day, which repeat what was sent.
        await em.execute('DELETE FROM idempotency_key WHERE user_id = ? AND status IS NOT NULL', [userId]);
        await (due.last
          ? em.execute('DELETE FROM erasure WHERE user_id = ?', [userId])
          : em.execute('UPDATE erasure SET due_at = ?, last = true WHERE user_id = ?', [
              addMinutes(now, LATE_WRITES_MINUTES),
              userId,
            ]));
      },
      { isolation: 'read committed' },
    );
  }
}
