import {
  Arg,
  BatchedEdge,
  Edge,
  type EntityRef,
  Foreign,
  Mutation,
  Parent,
  Query,
  Resolver,
} from '@roost/graphql';
import { type AuthUser, CurrentUser, sealAnswer, Uuid, VerifiedEmail } from '@roost/http';
import { Encryption, Problem } from '@roost/platform';
import type { z } from 'zod';
import { ConfirmPayment, PaymentView, paymentSeenBy } from './payment.dto.js';
import { PaymentQueries } from './payment.queries.js';
import { PaymentService } from './payment.service.js';

const Booking = Foreign('Booking');
type Ref = z.output<EntityRef>;

@Resolver(PaymentView)
export class PaymentResolver {
  constructor(
    private readonly payments: PaymentService,
    private readonly queries: PaymentQueries,
    private readonly encryption: Encryption,
  ) {}

  @Query(PaymentView)
  async payment(@CurrentUser() user: AuthUser, @Arg('id', Uuid) id: string): Promise<PaymentView> {
    const payment = await this.queries.one(id, user);
    if (!payment) throw new Problem('payment.not_found');
    return paymentSeenBy(user, payment, this.encryption);
  }

  @Mutation(PaymentView)
  @VerifiedEmail()
  async confirmPayment(
    @CurrentUser() user: AuthUser,
    @Arg('id', Uuid) id: string,
    @Arg('input', ConfirmPayment) input: ConfirmPayment,
  ): Promise<PaymentView> {
    sealAnswer();
    return paymentSeenBy(user, await this.payments.confirm(id, user, input.paymentMethod), this.encryption);
  }

  @Edge(Booking.nullable())
  booking(@Parent() payment: PaymentView): Ref {
    return { id: payment.bookingId };
  }
}

/** What payments add to a booking: its guest sees what is due or was paid last, nobody else anything. */
@Resolver(Booking)
export class BookingPaymentResolver {
  constructor(
    private readonly queries: PaymentQueries,
    private readonly encryption: Encryption,
  ) {}

  @BatchedEdge(PaymentView.nullable())
  async payment(bookings: readonly Ref[], user: AuthUser | null): Promise<(PaymentView | null)[]> {
    if (!user) return bookings.map(() => null);
    const payments = await this.queries.dueOfEach(
      bookings.map(({ id }) => id),
      user.id,
    );
    return payments.map((payment) => payment && paymentSeenBy(user, payment, this.encryption));
  }
}
