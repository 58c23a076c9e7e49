import { LockMode } from '@mikro-orm/core';
import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Clock, LOGGER, SweepEvery } from '@roost/platform';
import type { Logger } from 'pino';
import { CalendarPublisher } from '../calendar/calendar-publisher.service.js';
import { findStaleHolds, isFree, type StayNights } from '../calendar/calendar.queries.js';
import { StaleHolds } from '../calendar/stale-holds.port.js';
import { BookingLifecycle } from './booking-lifecycle.service.js';
import { Booking } from './booking.entity.js';
import { dueBookings } from './booking.queries.js';

const BATCH = 200;

/** Processes due bookings: expires holds and requests, checks guests in and out. Several replicas may sweep at once. */
@Injectable()
export class BookingSweeper extends StaleHolds {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly lifecycle: BookingLifecycle,
    private readonly publisher: CalendarPublisher,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  /** The job only starts the sweep: the due instants are in the database. */
  @SweepEvery(5, 'booking.sweep')
  async run(): Promise<void> {
    await this.sweep();
    await this.publisher.publishDue();
  }

  /** Repeats until nothing is due: after a jump of the clock, a guest is checked in and out in one sweep. */
  async sweep(): Promise<void> {
    while ((await this.sweepOnce()) > 0);
  }

  override async end(nights: StayNights): Promise<boolean> {
    const em = this.em.fork();
    const now = this.clock.now();
    const stale = await findStaleHolds(em, nights, now);
    for (const id of stale) await this.process(id, LockMode.PESSIMISTIC_WRITE);
    // A sweep may have been faster.
    return stale.length > 0 || (await isFree(em, nights, now));
  }

  private async sweepOnce(): Promise<number> {
    const em = this.em.fork();
    let processed = 0;
    for (let after: { dueAt: Date; id: string } | null = null; ;) {
      const due = await dueBookings(em, this.clock.now(), after, BATCH);
      for (const { id } of due) {
        try {
          if (await this.process(id, LockMode.PESSIMISTIC_PARTIAL_WRITE)) processed += 1;
        } catch (error) {
          // A failure does not block the batch; the row stays due and is retried.
          this.logger.error({ err: error, bookingId: id }, 'processing a due booking failed');
        }
      }
      after = due.at(-1) ?? null;
      if (due.length < BATCH) return processed;
    }
  }

  /** Returns true if the booking was due and not locked by another replica. */
  private async process(id: string, lockMode: LockMode): Promise<boolean> {
    return await this.transactions.run(async (em) => {
      const now = this.clock.now();
      const booking = await em.findOne(Booking, { id, dueAt: { $lte: now } }, { lockMode });
      if (!booking) return false;
      await this.lifecycle.processDue({ em, booking, now });
      return true;
    });
  }
}
