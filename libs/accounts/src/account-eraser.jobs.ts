import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Outbox, overwriteStoredEvents, Transactions } from '@roost/messaging';
import { LOGGER, runWithoutRequestContext, SweepEvery, SystemClock } from '@roost/platform';
import type { Logger } from 'pino';
import {
  addErasure,
  deleteStoredResponses,
  dueErasures,
  finishErasure,
  lockErasure,
  postponeErasure,
  scheduleLastErasure,
} from './account-erasure.queries.js';
import { deleteExports } from './account-export.queries.js';
import { Erasure } from './erasure.port.js';

/** An access token is valid for 10 minutes after the erasure of its account, and a request takes less: then nothing is written any more. */
const LATE_WRITES_MS = 15 * 60_000;
const REPEAT_AFTER_MS = 60_000;
/** The most erasures of a sweep. */
const BATCH = 500;

/**
 * Erases users in a service, by its `Erasure`, and publishes `privacy.erasure-completed` with the last deletion. Runs
 * twice: at once, and when no token of the user is valid any more.
 */
@Injectable()
export class AccountEraser {
  private running = Promise.resolve();

  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly outbox: Outbox,
    private readonly erasure: Erasure,
    private readonly systemClock: SystemClock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Call it in the transaction of the request: it stores a row, so that a crash loses no erasure. */
  async eraseAfterCommit(em: EntityManager, request: { userId: string; requestId: string }): Promise<void> {
    await addErasure(em, request, this.systemClock.now());
    this.transactions.afterCommit(() => {
      this.running = runWithoutRequestContext(() => this.eraseAfter(this.running, request.userId));
    });
  }

  /** Erases what exists now. Returns false if some data can't be erased yet. */
  async eraseIn(em: EntityManager, userId: string): Promise<boolean> {
    const isComplete = await this.erasure.erase(em, userId);
    await overwriteStoredEvents(em, 'identity.user', [userId], { displayName: '' });
    await deleteStoredResponses(em, userId);
    await deleteExports(em, userId);
    return isComplete;
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

  /** A failure does not block the batch; the erasure is repeated. */
  private async tryToErase(userId: string): Promise<void> {
    try {
      await this.erase(userId);
    } catch (error) {
      this.logger.error({ err: error, userId }, 'an erasure failed; it is repeated in a minute');
      await postponeErasure(this.em.fork(), userId, this.inMs(REPEAT_AFTER_MS)).catch((err: unknown) =>
        this.logger.warn({ err, userId }, 'the erasure is repeated by the next sweep'),
      );
    }
  }

  private async erase(userId: string): Promise<void> {
    const now = this.systemClock.now();
    await this.transactions.begin(
      async (em) => {
        const request = await lockErasure(em, userId, now);
        if (!request) return;
        const isComplete = await this.eraseIn(em, userId);
        if (!request.last) {
          await scheduleLastErasure(em, userId, this.inMs(LATE_WRITES_MS));
        } else if (isComplete) {
          await finishErasure(em, userId);
          await this.outbox.add(em, 'privacy.erasure-completed', { userId, requestId: request.requestId });
        } else {
          await postponeErasure(em, userId, this.inMs(REPEAT_AFTER_MS));
        }
      },
      { isolation: this.erasure.isolation },
    );
  }

  private inMs(milliseconds: number): Date {
    return new Date(this.systemClock.now().getTime() + milliseconds);
  }
}
