import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Idempotency, type AuthUser } from '@roost/http';
import { Clock, Problem } from '@roost/platform';
import type { AdminCancel, Booking as BookingDto, CancellationPreview } from './booking.dto.js';
import { type Booking, refundableMinor, refundScheduleOf } from './booking.entity.js';
import { BookingLifecycle, type Settlement } from './booking-lifecycle.service.js';
import { findVisible, lockVisible } from './booking.queries.js';
import { viewOf } from './booking-view.js';
import {
  adminCancel,
  guestCancel,
  hostCancel,
  limitRefund,
  refundEverything,
} from '../terms/domain/cancellation.js';
import { hostPenalty } from '../terms/domain/host-penalty.js';

/** Says what a cancel would give back, and cancels: both from the same rule. */
@Injectable()
export class CancellationService {
  constructor(
    private readonly em: EntityManager,
    private readonly idempotency: Idempotency,
    private readonly lifecycle: BookingLifecycle,
    private readonly clock: Clock,
  ) {}

  async preview(viewer: AuthUser, id: string): Promise<CancellationPreview> {
    const booking = found(await findVisible(this.em.fork(), id, viewer.id));
    const { paidBack, hostPenaltyMinor, by } = this.settle(booking, viewer, this.clock.now());
    return {
      refundMinor: paidBack.refundMinor,
      currency: booking.terms.currency,
      lines: paidBack.lines,
      ...(by === 'host' && { hostPenaltyMinor }),
      schedule: refundScheduleOf(booking),
    };
  }

  async cancel(user: AuthUser, id: string, reason: string): Promise<BookingDto> {
    return await this.idempotency.answer(async (em) => {
      const booking = found(await lockVisible(em, id, user.id));
      const now = this.clock.now();
      await this.lifecycle.processOverdue(em, booking, now);
      const settlement = this.settle(booking, user, now);
      await this.lifecycle.cancel(em, booking, { by: settlement.by, id: user.id, reason }, settlement, now);
      return await viewOf(em, booking);
    });
  }

  async cancelAsAdmin(
    admin: AuthUser,
    id: string,
    { reason, refundMinor }: AdminCancel,
  ): Promise<BookingDto> {
    return await this.idempotency.answer(async (em) => {
      const booking = found(await lockVisible(em, id, null));
      const now = this.clock.now();
      await this.lifecycle.processOverdue(em, booking, now);
      const { money } = this.lifecycle.allow(booking, 'admin_cancelled');
      const { terms } = booking;
      // From the confirmation on the guest has paid what the booking costs: each change settles its difference.
      const capturedMinor = money === 'give_back' ? booking.capturedMinor : terms.totalMinor;
      const refundable = capturedMinor - booking.goodwillMinor;
      const chosen = adminCancel(terms, now, { refundMinor, refundableMinor: refundable });
      if (!chosen)
        throw new Problem('booking.refund_out_of_range', undefined, {
          capturedMinor,
          refundableMinor: refundable,
        });
      // What was never confirmed goes back whole, whatever an administrator would rather keep.
      const settlement: Settlement =
        money === 'give_back'
          ? this.everything(booking, 'admin')
          : { by: 'admin', refund: chosen, paidBack: chosen, hostPenaltyMinor: 0 };
      await this.lifecycle.cancel(em, booking, { by: 'admin', id: admin.id, reason }, settlement, now);
      return await viewOf(em, booking);
    });
  }

  private settle(booking: Booking, user: AuthUser, now: Date): Settlement {
    const by = booking.terms.hostId === user.id ? 'host' : 'guest';
    const { money } = this.lifecycle.allow(booking, `${by}_cancelled`);
    if (money === 'give_back') return this.everything(booking, by);
    const { terms, confirmedAt } = booking;
    if (!confirmedAt) throw new Error('a booking that refunds by rule was confirmed');
    const byRule =
      by === 'host' ? hostCancel(terms, now) : guestCancel(terms, confirmedAt, now, booking.tiersAtChanges);
    const refund = limitRefund(byRule, terms.price, refundableMinor(booking));
    return {
      by,
      refund,
      paidBack: refund,
      hostPenaltyMinor: by === 'host' ? hostPenalty(terms, now) : 0,
    };
  }

  /** Before confirmation nothing is kept: what was paid or authorized so far comes back. */
  private everything(booking: Booking, by: Settlement['by']): Settlement {
    const { price } = booking.terms;
    const refund = refundEverything(price);
    const paidBack = limitRefund(refund, price, refundableMinor(booking));
    return { by, refund, paidBack, hostPenaltyMinor: 0 };
  }
}

function found(booking: Booking | null): Booking {
  if (!booking) throw new Problem('booking.not_found');
  return booking;
}
