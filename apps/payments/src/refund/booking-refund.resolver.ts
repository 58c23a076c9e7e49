import { MikroORM } from '@mikro-orm/postgresql';
import { Inject } from '@nestjs/common';
import {
  BatchedEdge,
  Connection,
  type ConnectionPage,
  type EntityRef,
  ExternalEntity,
  PageArguments,
  Resolver,
  toConnection,
} from '@roost/graphql';
import type { AuthUser } from '@roost/http';
import type { z } from 'zod';
import { BookingRefund } from './booking-refund.dto.js';
import { refundsOfBookings } from './booking-refund.queries.js';

const Booking = ExternalEntity('Booking');
type Ref = z.output<EntityRef>;

@Resolver(Booking)
export class BookingRefundResolver {
  constructor(@Inject(MikroORM) private readonly orm: MikroORM) {}

  @BatchedEdge(Connection(BookingRefund).nullable(), {
    description: 'Newest first. Visible to the guest and the host of the booking, and to administrators.',
    args: PageArguments,
  })
  async refunds(
    bookings: readonly Ref[],
    user: AuthUser | null,
    { first, after }: PageArguments,
  ): Promise<(ConnectionPage<BookingRefund> | null)[]> {
    if (!user) return bookings.map(() => null);
    const ids = bookings.map(({ id }) => id);
    const pages = await refundsOfBookings(this.orm.em.fork(), ids, user, { limit: first, cursor: after });
    return pages.map(toConnection);
  }
}
