import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Payment } from './payment.entity.js';

/** Reads for people: who may see what is decided here. */
@Injectable()
export class PaymentQueries {
  constructor(@Inject(MikroORM) private readonly orm: MikroORM) {}

  /** The payment of a booking that is due, else the last one; only when it can be paid or has been. */
  async dueOf(bookingId: string, guestId: string): Promise<Payment | null> {
    const payments = await this.orm.em
      .fork()
      .find(Payment, { bookingId, guestId }, { orderBy: { createdAt: 'desc', id: 'desc' } });
    const ready = payments.filter((payment) => payment.providerRef !== null || payment.status === 'voided');
    return (
      ready.find((payment) => ['requires_payment_method', 'requires_action'].includes(payment.status)) ??
      ready[0] ??
      null
    );
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
