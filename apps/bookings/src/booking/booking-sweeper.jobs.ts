import { LockMode } from '@mikro-orm/core';
import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Clock, LOGGER, Problem } from '@roost/platform';
import type { Logger } from 'pino';
import { findStaleHolds, type Stay } from '../calendar/calendar.queries.js';
import { Booking } from './booking.entity.js';
import { BookingLifecycle } from './booking-lifecycle.service.js';
import { dueBookings } from './booking.queries.js';

/** Somebody has one of these nights. */
export class NightsTaken extends Problem {
  constructor(
    code: 'booking.dates_unavailable' | 'calendar.dates_taken',
    readonly stay: Stay,
  ) {
    super(code);
  }
}

const batch = 200;

/** Does what time brings: ends holds and requests, checks guests in and out. Any number of replicas may sweep at once. */
@Injectable()
export class BookingSweeper {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly lifecycle: BookingLifecycle,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Everything that is due, and what comes due by it: a clock that jumped checks a guest in and out at once. */
  async sweep(): Promise<void> {
    while ((await this.sweepOnce()) > 0);
  }

  /** Tries once more when holds that had run out were all that was in the way. */
  async endStaleHoldsFirst<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof NightsTaken)) throw error;
      const stale = await findStaleHolds(this.em.fork(), error.stay, this.clock.now());
      if (stale.length === 0) throw error;
      for (const id of stale) await this.settle(id, LockMode.PESSIMISTIC_WRITE);
      return await attempt();
    }
  }

  private async sweepOnce(): Promise<number> {
    const em = this.em.fork();
    let settled = 0;
    for (let after: { dueAt: Date; id: string } | null = null; ;) {
      const due = await dueBookings(em, this.clock.now(), after, batch);
      for (const { id } of due) {
        try {
          if (await this.settle(id, LockMode.PESSIMISTIC_PARTIAL_WRITE)) settled += 1;
        } catch (error) {
          // One that fails must not keep the others waiting; it stays due.
          this.logger.error({ err: error, bookingId: id }, 'a due booking could not be settled');
        }
      }
      after = due.at(-1) ?? null;
      if (due.length < batch) return settled;
    }
  }

  /** True when it was due and nobody else was at it. */
  private async settle(id: string, lockMode: LockMode): Promise<boolean> {
    return await this.transactions.run(async (em) => {
      const now = this.clock.now();
      const booking = await em.findOne(Booking, { id, dueAt: { $lte: now } }, { lockMode });
      if (!booking) return false;
      await this.lifecycle.processDue(em, booking, now);
      return true;
    });
  }
}
