import { Controller, Get, Post } from '@nestjs/common';
import { AdminReason } from '@roost/audit';
import {
  type AuthUser,
  Body,
  CurrentUser,
  type PageOf,
  Param,
  QueryParams,
  RespondsWith,
  Roles,
  Summary,
  Uuid,
} from '@roost/http';
import {
  AdminPaymentDetails,
  AdminPaymentPage,
  AdminPaymentsQuery,
  type AdminPaymentView,
  PaymentOperationPage,
  PaymentOperationsQuery,
  PaymentOperationView,
} from './payment-admin.dto.js';
import { PaymentAdminService } from './payment-admin.service.js';

@Controller('v1/admin')
@Roles('admin')
export class PaymentAdminController {
  constructor(private readonly payments: PaymentAdminService) {}

  @Summary('List payments')
  @Get('payments')
  @RespondsWith(200, AdminPaymentPage, 'auth.forbidden')
  list(@QueryParams(AdminPaymentsQuery) query: AdminPaymentsQuery): Promise<PageOf<AdminPaymentView>> {
    return this.payments.list(query);
  }

  @Summary('Read a payment with its operations, refunds, webhooks and ledger transactions')
  @Get('payments/:id')
  @RespondsWith(200, AdminPaymentDetails, 'auth.forbidden', 'payment.not_found')
  one(@Param('id', Uuid) id: string): Promise<AdminPaymentDetails> {
    return this.payments.find(id);
  }

  @Summary('List the unfinished or failed calls to payment providers')
  @Get('payment-operations')
  @RespondsWith(200, PaymentOperationPage, 'auth.forbidden')
  operations(
    @QueryParams(PaymentOperationsQuery) query: PaymentOperationsQuery,
  ): Promise<PageOf<PaymentOperationView>> {
    return this.payments.operations(query);
  }

  @Summary('Retry a call to a payment provider now')
  @Post('payment-operations/:id/retry')
  @RespondsWith(
    200,
    PaymentOperationView,
    'auth.forbidden',
    'payment.operation_not_found',
    'payment.operation_closed',
  )
  retry(
    @Param('id', Uuid) id: string,
    @Body(AdminReason) { reason }: AdminReason,
    @CurrentUser() admin: AuthUser,
  ): Promise<PaymentOperationView> {
    return this.payments.retryOperation(id, reason, admin);
  }
}
