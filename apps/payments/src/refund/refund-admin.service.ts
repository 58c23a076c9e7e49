import { Injectable } from '@nestjs/common';
import { REFUND_REASON } from '@roost/contracts';
import { type AuthUser, Idempotency } from '@roost/http';
import { Problem, uuidv7 } from '@roost/platform';
import { Payment } from '../payment/payment.entity.js';
import { type RefundPayment, type RefundView, toRefundView } from './refund.dto.js';
import { RefundService } from './refund.service.js';

/** An operator gives money back by hand. */
@Injectable()
export class RefundAdmin {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly refunds: RefundService,
  ) {}

  /** Publishes nothing yet, and reserves by one conditional update: many at once wait for each other and none is refused unduly. */
  refund(paymentId: string, wanted: RefundPayment, admin: AuthUser): Promise<RefundView> {
    return this.idempotency.answer(
      async (em) => {
        const payment = await em.findOne(Payment, paymentId);
        if (!payment) throw new Problem('payment.not_found');
        if (payment.capturedMinor === 0 || payment.status === 'disputed') {
          throw new Problem('payment.wrong_state', undefined, { status: payment.status });
        }
        const refund = await this.refunds.reserve(em, payment, {
          cause: `admin:${uuidv7()}`,
          reason: REFUND_REASON.goodwill,
          note: wanted.reason,
          requestedBy: admin.id,
          amountMinor: wanted.amountMinor,
        });
        return toRefundView(refund, payment.currency);
      },
      { isolation: 'read committed' },
    );
  }
}
