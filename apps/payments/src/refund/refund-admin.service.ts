import { Injectable } from '@nestjs/common';
import { REFUND_REASON } from '@roost/contracts';
import { type AuthUser, Idempotency } from '@roost/http';
import { Problem, uuidv7 } from '@roost/platform';
import { Payment } from '../payment/payment.entity.js';
import { RefundService } from '../payment/refund.service.js';
import { type RefundPayment, type RefundView, toRefundView } from './refund.dto.js';

/** Refunds that an operator requests. */
@Injectable()
export class RefundAdminService {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly refunds: RefundService,
  ) {}

  /**
   * Read committed is enough: the request publishes no event and reserves by one conditional update. Concurrent requests
   * wait for each other, and none is rejected without need.
   */
  refund(paymentId: string, request: RefundPayment, admin: AuthUser): Promise<RefundView> {
    return this.idempotency.runOnce(
      async (em) => {
        const payment = await em.findOne(Payment, paymentId);
        if (!payment) throw new Problem('payment.not_found');
        if (payment.capturedMinor === 0 || payment.status === 'disputed') {
          throw new Problem('payment.wrong_state', undefined, { status: payment.status });
        }
        const refund = await this.refunds.reserve(em, payment, {
          cause: `admin:${uuidv7()}`,
          reason: REFUND_REASON.goodwill,
          note: request.reason,
          requestedBy: admin.id,
          amountMinor: request.amountMinor,
        });
        return toRefundView(refund, payment.currency);
      },
      { isolation: 'read committed' },
    );
  }
}
