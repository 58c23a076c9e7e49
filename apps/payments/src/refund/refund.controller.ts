import { Controller, Post } from '@nestjs/common';
import { AdminReason } from '@roost/audit';
import { RespondsWith, type AuthUser, Body, CurrentUser, Param, Roles, Uuid, Summary } from '@roost/http';
import { RefundAdminService } from './refund-admin.service.js';
import { RefundPayment, RefundView, SettleRefund } from './refund.dto.js';

@Controller('v1/admin/payments')
@Roles('admin')
export class RefundController {
  constructor(private readonly refunds: RefundAdminService) {}

  @Summary('Refund a payment')
  @Post(':id/refunds')
  @RespondsWith(
    201,
    RefundView,
    'auth.forbidden',
    'payment.not_found',
    'payment.wrong_state',
    'payment.refund_too_large',
  )
  refund(
    @Param('id', Uuid) id: string,
    @Body(RefundPayment) body: RefundPayment,
    @CurrentUser() admin: AuthUser,
  ): Promise<RefundView> {
    return this.refunds.refund(id, body, admin);
  }

  @Summary('Retry a failed refund')
  @Post(':id/refunds/:refundId/retry')
  @RespondsWith(
    201,
    RefundView,
    'auth.forbidden',
    'payment.not_found',
    'payment.refund_not_found',
    'payment.refund_not_failed',
    'payment.wrong_state',
    'payment.refund_too_large',
  )
  retry(
    @Param('id', Uuid) paymentId: string,
    @Param('refundId', Uuid) refundId: string,
    @Body(AdminReason) { reason }: AdminReason,
    @CurrentUser() admin: AuthUser,
  ): Promise<RefundView> {
    return this.refunds.retry({ paymentId, refundId }, reason, admin);
  }

  @Summary('Record that a failed refund is paid without the provider')
  @Post(':id/refunds/:refundId/settle')
  @RespondsWith(
    201,
    RefundView,
    'auth.forbidden',
    'payment.not_found',
    'payment.refund_not_found',
    'payment.refund_not_failed',
    'payment.refund_prevented',
    'payment.refund_amount_differs',
    'payment.wrong_state',
    'payment.refund_too_large',
  )
  settle(
    @Param('id', Uuid) paymentId: string,
    @Param('refundId', Uuid) refundId: string,
    @Body(SettleRefund) body: SettleRefund,
    @CurrentUser() admin: AuthUser,
  ): Promise<RefundView> {
    return this.refunds.settle({ paymentId, refundId }, body, admin);
  }
}
