import { MikroORM } from '@mikro-orm/postgresql';
import { Inject } from '@nestjs/common';
import {
  Arg,
  BatchedEdge,
  Edge,
  type EntityRef,
  ExternalEntity,
  Mutation,
  Parent,
  Query,
  Resolver,
} from '@roost/graphql';
import { type AuthUser, CurrentUser, encryptStoredResponse, Uuid, VerifiedEmail } from '@roost/http';
import { Encryption, Problem } from '@roost/platform';
import type { z } from 'zod';
import { ConfirmPayment, PaymentView, toPaymentViewFor } from './payment.dto.js';
import { currentPayments, visiblePayment } from './payment.queries.js';
import { PaymentService } from './payment.service.js';
import { ReturnUrls } from './return-urls.js';

const Booking = ExternalEntity('Booking');
type Ref = z.output<EntityRef>;

@Resolver(PaymentView)
export class PaymentResolver {
  constructor(
    private readonly payments: PaymentService,
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly encryption: Encryption,
    private readonly returnUrls: ReturnUrls,
  ) {}

  @Query(PaymentView)
  async payment(@CurrentUser() user: AuthUser, @Arg('id', Uuid) id: string): Promise<PaymentView> {
    const payment = await visiblePayment(this.orm.em.fork(), id, user);
    if (!payment) throw new Problem('payment.not_found');
    return toPaymentViewFor(user, payment, this.encryption);
  }

  @Mutation(PaymentView)
  @VerifiedEmail()
  async confirmPayment(
    @CurrentUser() user: AuthUser,
    @Arg('id', Uuid) id: string,
    @Arg('input', ConfirmPayment) input: ConfirmPayment,
  ): Promise<PaymentView> {
    encryptStoredResponse();
    return toPaymentViewFor(
      user,
      await this.payments.confirm(id, user, {
        paymentMethod: input.paymentMethod,
        returnUrlOf: this.returnUrls.select(input.returnUrl),
      }),
      this.encryption,
    );
  }

  @Edge(Booking.nullable())
  booking(@Parent() payment: PaymentView): Ref {
    return { id: payment.bookingId };
  }
}

/** The payment of a booking: the due one, otherwise the newest. Null for every viewer but the guest and admins. */
@Resolver(Booking)
export class BookingPaymentResolver {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly encryption: Encryption,
  ) {}

  @BatchedEdge(PaymentView.nullable())
  async payment(bookings: readonly Ref[], user: AuthUser | null): Promise<(PaymentView | null)[]> {
    if (!user) return bookings.map(() => null);
    const payments = await currentPayments(
      this.orm.em.fork(),
      bookings.map(({ id }) => id),
      user,
    );
    return payments.map((payment) => payment && toPaymentViewFor(user, payment, this.encryption));
  }
}
