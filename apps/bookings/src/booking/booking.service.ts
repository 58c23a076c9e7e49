import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { requireActiveAccount } from '@roost/accounts';
import { Idempotency, type AuthUser } from '@roost/http';
import { Clock, Problem } from '@roost/platform';
import { StaleHolds } from '../calendar/stale-holds.port.js';
import { BookingHoldService } from './booking-hold.service.js';
import { BookingLifecycle } from './booking-lifecycle.service.js';
import { type Actor, type BookingStep, PAYMENT } from './booking-step.js';
import { viewOf } from './booking-view.js';
import { toBookingDto, type Booking as BookingDto, type CreateBooking } from './booking.dto.js';
import { Booking } from './booking.entity.js';
import { lockVisible } from './booking.queries.js';

/** Creates bookings, and records the host's response to a request. */
@Injectable()
export class BookingService {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly holds: BookingHoldService,
    private readonly lifecycle: BookingLifecycle,
    private readonly staleHolds: StaleHolds,
    private readonly clock: Clock,
  ) {}

  /** READ COMMITTED: the hold has to see the claims that it waited for. The booking is new, so it has no older version. */
  async create(guest: AuthUser, request: CreateBooking): Promise<BookingDto> {
    return await this.staleHolds.retryAfterEnding(() =>
      this.idempotency.runOnce((em) => this.hold(em, guest, request), { isolation: 'read committed' }),
    );
  }

  async accept(host: AuthUser, id: string): Promise<BookingDto> {
    return await this.respond({ by: 'host', id: host.id }, id, async (step) => {
      const { em, booking } = step;
      await requireActiveAccount(em, host.id);
      const isPaid =
        booking.terms.totalMinor === 0 || booking.authorizedMinor > 0 || booking.capturedMinor > 0;
      if (booking.state === 'awaiting_host' && !isPaid) throw new Problem('booking.accept_too_late');
      await this.lifecycle.accept(step);
    });
  }

  async decline(host: AuthUser, id: string, reason: string): Promise<BookingDto> {
    return await this.respond({ by: 'host', id: host.id, reason }, id, (step) =>
      this.lifecycle.decline(step),
    );
  }

  private async respond(
    actor: Actor & { id: string },
    id: string,
    apply: (step: BookingStep) => Promise<void>,
  ): Promise<BookingDto> {
    return await this.idempotency.runOnce(async (em) => {
      const booking = await lockVisible(em, id, actor.id);
      if (!booking) throw new Problem('booking.not_found');
      if (booking.terms.hostId !== actor.id)
        throw new Problem('auth.forbidden', 'Only the host can respond to a request');
      const step = { em, booking, now: this.clock.now(), actor };
      await this.lifecycle.processOverdue(step);
      await apply(step);
      return await viewOf(em, booking);
    });
  }

  private async hold(em: EntityManager, guest: AuthUser, request: CreateBooking): Promise<BookingDto> {
    const booking = await this.holds.hold(em, guest, request);
    if (booking.terms.totalMinor === 0) return await this.confirmFreeStay(em, booking.id);
    const at = booking.terms.createdAt.toISOString();
    return toBookingDto(booking, [{ at, by: 'guest', event: 'created', reason: null }], null);
  }

  /** Payments creates no payment for a total of 0, so the booking is confirmed, or requested, at once. */
  private async confirmFreeStay(em: EntityManager, id: string): Promise<BookingDto> {
    const booking = await em.findOneOrFail(Booking, { id });
    await this.lifecycle.pay(
      { em, booking, now: booking.terms.createdAt, actor: PAYMENT },
      'payment_captured',
    );
    return await viewOf(em, booking);
  }
}
