import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Payment } from './payment.entity.js';

/** Reads for people: who may see what is decided here. */
@Injectable()
export class PaymentQueries {
  constructor(@Inject(MikroORM) private readonly orm: MikroORM) {}

  /** The payment of a booking that is due, else the last one; only when it can be paid or has been. */
  async dueOf(bookingId: string, guestId: string): Promise<Payment | null> {
    const [payment] = await this.dueOfEach([bookingId], guestId);
    return payment ?? null;
  }

  /** The same for several bookings, in their order. */
  async dueOfEach(bookingIds: readonly string[], guestId: string): Promise<(Payment | null)[]> {
    const payments = await this.orm.em
      .fork()
      .find(
        Payment,
        { bookingId: { $in: [...bookingIds] }, guestId },
        { orderBy: { createdAt: 'desc', id: 'desc' } },
      );
    const ready = Map.groupBy(
      payments.filter((payment) => payment.providerRef !== null || payment.status === 'voided'),
      (payment) => payment.bookingId,
    );
    return bookingIds.map((id) => {
      const own = ready.get(id) ?? [];
      return (
        own.find((it) => ['requires_payment_method', 'requires_action'].includes(it.status)) ?? own[0] ?? null
      );
    });
  }

  ofBooking(bookingId: string, userId: string): Promise<Payment[]> {
    return this.orm.em
      .fork()
      .find(
        Payment,
        { bookingId, $or: [{ guestId: userId }, { hostId: userId }] },
        { orderBy: { createdAt: 'asc', id: 'asc' } },
      );
  }

  one(id: string, viewer: { id: string; roles: readonly string[] }): Promise<Payment | null> {
    const mine = viewer.roles.includes('admin')
      ? {}
      : { $or: [{ guestId: viewer.id }, { hostId: viewer.id }] };
    return this.orm.em.fork().findOne(Payment, { id, ...mine });
  }
}
