import { MikroORM } from '@mikro-orm/postgresql';
import { Controller, Get, Inject, Post } from '@nestjs/common';
import {
  HasEtag,
  RespondsWith,
  type AuthUser,
  Body,
  CurrentUser,
  etagOf,
  Param,
  encryptStoredResponse,
  Uuid,
  VerifiedEmail,
  Wait,
  waitForChange,
  type WaitRequest,
  withEtag,
  Summary,
} from '@roost/http';
import { Encryption, Problem } from '@roost/platform';
import { z } from 'zod';
import { ConfirmPayment, PaymentView, toPaymentViewFor } from './payment.dto.js';
import type { Payment } from './payment.entity.js';
import { currentPayment, isListed, paymentsOfBooking, visiblePayment } from './payment.queries.js';
import { PaymentService } from './payment.service.js';
import { ReturnUrls } from './return-urls.js';

const PaymentList = z.object({ data: z.array(PaymentView) }).meta({ id: 'PaymentList' });

@Controller('v1')
export class PaymentController {
  constructor(
    private readonly payments: PaymentService,
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly encryption: Encryption,
    private readonly returnUrls: ReturnUrls,
  ) {}

  @Summary('Read the payment of a booking')
  @Get('bookings/:bookingId/payment')
  @HasEtag()
  @RespondsWith(200, PaymentView, 'payment.not_ready', 'rate.too_many_waits')
  async ofBooking(
    @Param('bookingId', Uuid) bookingId: string,
    @CurrentUser() user: AuthUser,
    @Wait() wait: WaitRequest,
  ): Promise<PaymentView> {
    const state = await waitForChange({
      ...wait,
      read: async () => {
        const payment = await currentPayment(this.orm.em.fork(), bookingId, user);
        return payment && { value: payment, etag: etagFor(payment, user) };
      },
    });
    if (!state) throw new Problem('payment.not_ready');
    return withEtag(this.view(state.value, user), state.etag);
  }

  @Summary('List the payments of a booking')
  @Get('bookings/:bookingId/payments')
  @RespondsWith(200, PaymentList, 'booking.not_found')
  async allOfBooking(
    @Param('bookingId', Uuid) bookingId: string,
    @CurrentUser() user: AuthUser,
  ): Promise<z.output<typeof PaymentList>> {
    const payments = await paymentsOfBooking(this.orm.em.fork(), bookingId, user);
    if (payments.length === 0) throw new Problem('booking.not_found');
    return { data: payments.filter(isListed).map((payment) => this.view(payment, user)) };
  }

  @Summary('Read a payment')
  @Get('payments/:id')
  @HasEtag()
  @RespondsWith(200, PaymentView, 'payment.not_found')
  async one(@Param('id', Uuid) id: string, @CurrentUser() user: AuthUser): Promise<PaymentView> {
    const payment = await visiblePayment(this.orm.em.fork(), id, user);
    if (!payment) throw new Problem('payment.not_found');
    return withEtag(this.view(payment, user), etagFor(payment, user));
  }

  @Summary('Confirm a payment')
  @Post('payments/:id/confirm')
  @VerifiedEmail()
  @RespondsWith(
    200,
    PaymentView,
    'payment.confirmed_at_provider',
    'payment.declined',
    'payment.not_found',
    'payment.not_ready',
    'payment.wrong_state',
    'payment.provider_unavailable',
  )
  async confirm(
    @Param('id', Uuid) id: string,
    @Body(ConfirmPayment) body: ConfirmPayment,
    @CurrentUser() user: AuthUser,
  ): Promise<PaymentView> {
    encryptStoredResponse();
    const payment = await this.payments.confirm(id, user, {
      paymentMethod: body.paymentMethod,
      returnUrlOf: this.returnUrls.select(body.returnUrl),
    });
    return withEtag(this.view(payment, user), etagFor(payment, user));
  }

  private view(payment: Payment, viewer: AuthUser): PaymentView {
    return toPaymentViewFor(viewer, payment, this.encryption);
  }
}

const etagFor = (payment: Payment, viewer: AuthUser) => etagOf(`${payment.id}/${payment.version}`, viewer.id);
