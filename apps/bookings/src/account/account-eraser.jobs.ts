import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { LOGGER, runWithoutRequestContext, SweepEvery, SystemClock } from '@roost/platform';
import { addMinutes } from '@roost/stay';
import type { Logger } from 'pino';
import { eraseBookingTexts } from '../booking/booking.queries.js';
import { eraseHostNotes } from '../calendar/calendar.queries.js';
import { FeedRemovalService } from '../feed/feed-removal.service.js';
import { eraseMessages } from '../message/message.queries.js';
import {
  addErasure,
  deleteErasure,
  deleteStoredResponses,
  dueErasures,
  lockErasure,
  scheduleLastErasure,
} from './erasure.queries.js';

/** An access token is valid for 10 minutes after the erasure of its account, and a request takes less: then nothing is written any more. */
const LATE_WRITES_MINUTES = 15;
/** The most erasures of a sweep. */
const BATCH = 500;

/**
 * Deletes the texts and secrets of erased users. Their bookings are kept, under an id without a person: the other side and
 * the ledger need them.
 */
@Injectable()
export class AccountEraser {
  private running = Promise.resolve();

  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly feeds: FeedRemovalService,
    private readonly systemClock: SystemClock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Call it in the transaction of the event: it stores a row, so that a crash loses no erasure. */
  async eraseAfterCommit(em: EntityManager, userId: string): Promise<void> {
    await addErasure(em, userId, this.systemClock.now());
    this.transactions.afterCommit(() => {
      this.running = runWithoutRequestContext(() => this.eraseAfter(this.running, userId));
    });
  }

  @SweepEvery(60, 'account.erase')
  async eraseDue(): Promise<void> {
    const userIds = await dueErasures(this.em.fork(), this.systemClock.now(), BATCH);
    for (const userId of userIds) await this.tryToErase(userId);
  }

  private async eraseAfter(previous: Promise<void>, userId: string): Promise<void> {
    await previous;
    await this.tryToErase(userId);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.running;
  }

  /** A failure does not block the batch; the row stays due and is retried. */
  private async tryToErase(userId: string): Promise<void> {
    try {
      await this.erase(userId);
    } catch (error) {
      this.logger.error({ err: error, userId }, 'an erasure failed; the next sweep will retry');
    }
  }

  /** Runs twice: at once, and when no token is valid any more. READ COMMITTED: it has to see all writes up to now. */
  private async erase(userId: string): Promise<void> {
    const now = this.systemClock.now();
    await this.transactions.begin(
      async (em) => {
        const erasure = await lockErasure(em, userId, now);
        if (!erasure) return;
        // Bookings are locked before their nights, as in all other transactions.
        await eraseBookingTexts(em, userId);
        await this.feeds.deleteAllOf(em, userId);
        await eraseHostNotes(em, userId);
        await eraseMessages(em, userId);
        await deleteStoredResponses(em, userId);
        if (erasure.last) await deleteErasure(em, userId);
        else await scheduleLastErasure(em, userId, addMinutes(now, LATE_WRITES_MINUTES));
      },
      { isolation: 'read committed' },
    );
  }
}
