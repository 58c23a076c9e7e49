import { MikroORM } from '@mikro-orm/postgresql';
import { Controller, Get, Inject } from '@nestjs/common';
import {
  type AuthUser,
  CurrentUser,
  type PageOf,
  Param,
  QueryParams,
  RespondsWith,
  Summary,
  Uuid,
} from '@roost/http';
import { Problem } from '@roost/platform';
import { type BookingRefund, BookingRefundPage, BookingRefundsQuery } from './booking-refund.dto.js';
import { hasVisiblePayment, refundsOfBookings } from './booking-refund.queries.js';

@Controller('v1/bookings/:bookingId/refunds')
export class BookingRefundController {
  constructor(@Inject(MikroORM) private readonly orm: MikroORM) {}

  @Summary('List the refunds of a booking')
  @Get()
  @RespondsWith(200, BookingRefundPage, 'booking.not_found')
  async list(
    @Param('bookingId', Uuid) bookingId: string,
    @QueryParams(BookingRefundsQuery) { limit, cursor }: BookingRefundsQuery,
    @CurrentUser() user: AuthUser,
  ): Promise<PageOf<BookingRefund>> {
    const em = this.orm.em.fork();
    if (!(await hasVisiblePayment(em, bookingId, user))) throw new Problem('booking.not_found');
    const [refunds] = await refundsOfBookings(em, [bookingId], user, { limit, cursor });
    return refunds ?? { data: [], nextCursor: null };
  }
}
