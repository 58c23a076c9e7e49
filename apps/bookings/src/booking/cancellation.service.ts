import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '@roost/audit';
import { Idempotency, type AuthUser } from '@roost/http';
import { Clock, invalidField, Problem } from '@roost/platform';
import { adminCancel, guestCancel, hostCancel } from '../terms/domain/cancellation.js';
import { limitRefund, refundEverything } from '../terms/domain/refund.js';
import { hostPenalty } from '../terms/domain/host-penalty.js';
import type { StayTerms } from '../terms/stay-terms.entity.js';
import { BookingLifecycle, type Settlement } from './booking-lifecycle.service.js';
import type { BookingContext } from './booking-step.js';
import { viewOf } from './booking-view.js';
import type { AdminCancel, Booking as BookingDto, CancellationPreview } from './booking.dto.js';
import { type Booking, refundableMinor, refundScheduleOf } from './booking.entity.js';
import { findVisible, lockVisible } from './booking.queries.js';

/** Previews and performs cancellations, both by the same rule. */
@Injectable()
export class CancellationService {
  constructor(
    private readonly em: EntityManager,
    private readonly idempotency: Idempotency,
    private readonly lifecycle: BookingLifecycle,
    private readonly auditLog: AuditLog,
    private readonly clock: Clock,
  ) {}

  async preview(viewer: AuthUser, id: string): Promise<CancellationPreview> {
    const booking = required(await findVisible(this.em.fork(), id, viewer.id));
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
    return await this.idempotency.runOnce(async (em) => {
      const context = await this.lock(em, id, user.id);
      const settlement = this.settle(context.booking, user, context.now);
      const actor = { by: settlement.by, id: user.id, reason };
      await this.lifecycle.cancel({ ...context, actor }, settlement);
      return await viewOf(em, context.booking);
    });
  }

  /** Throws 422 `booking.refund_out_of_range` for a refund that exceeds what was captured and not yet refunded. */
  async cancelAsAdmin(
    admin: AuthUser,
    id: string,
    { reason, refundMinor }: AdminCancel,
  ): Promise<BookingDto> {
    return await this.idempotency.runOnce(async (em) => {
      const context = await this.lock(em, id, null);
      const settlement = this.settleAsAdmin(context, refundMinor);
      const actor = { by: 'admin' as const, id: admin.id, reason };
      await this.lifecycle.cancel({ ...context, actor }, settlement);
      await this.auditLog.record(em, {
        ...{ actor: admin, action: 'booking.cancel', reason },
        subject: { type: 'booking', id },
        details: { refundMinor },
      });
      return await viewOf(em, context.booking);
    });
  }

  private async lock(em: EntityManager, id: string, viewerId: string | null): Promise<BookingContext> {
    const booking = required(await lockVisible(em, id, viewerId));
    const context = { em, booking, now: this.clock.now() };
    await this.lifecycle.processOverdue(context);
    return context;
  }

  private settle(booking: Booking, user: AuthUser, now: Date): Settlement {
    const by = booking.terms.hostId === user.id ? 'host' : 'guest';
    const { money } = this.lifecycle.allow(booking, `${by}_cancelled`);
    if (money === 'give_back') return refundAll(booking, by);
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

  private settleAsAdmin({ booking, now }: BookingContext, refundMinor: number): Settlement {
    const { money } = this.lifecycle.allow(booking, 'admin_cancelled');
    const { terms } = booking;
    // After the confirmation the guest has paid the current total: each change settles its difference.
    const capturedMinor = money === 'give_back' ? booking.capturedMinor : terms.totalMinor;
    const refundable = capturedMinor - booking.goodwillMinor;
    requireChargeable(refundMinor, terms);
    const refund = adminCancel(terms, now, { refundMinor, refundableMinor: refundable });
    if (!refund)
      throw new Problem('booking.refund_out_of_range', undefined, {
        capturedMinor,
        refundableMinor: refundable,
      });
    // An unconfirmed booking is refunded in full, whatever amount the administrator has requested.
    if (money === 'give_back') return refundAll(booking, 'admin');
    return { by: 'admin', refund, paidBack: refund, hostPenaltyMinor: 0 };
  }
}

/** Before the confirmation nothing is retained: all that is paid or authorized so far is refunded. */
function refundAll(booking: Booking, by: Settlement['by']): Settlement {
  const { price } = booking.terms;
  const refund = refundEverything(price);
  const paidBack = limitRefund(refund, price, refundableMinor(booking));
  return { by, refund, paidBack, hostPenaltyMinor: 0 };
}

/** Cards cannot be refunded an amount between two multiples of the step. */
function requireChargeable(
  refundMinor: number,
  { currency, price: { chargeStepMinor = 1 } }: StayTerms,
): void {
  if (refundMinor % chargeStepMinor === 0) return;
  throw invalidField('/refundMinor', `Must be a multiple of ${chargeStepMinor} in ${currency}`);
}

function required(booking: Booking | null): Booking {
  if (!booking) throw new Problem('booking.not_found');
  return booking;
}
