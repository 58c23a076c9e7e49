import { Controller, Get, Post } from '@nestjs/common';
import {
  HasEtag,
  RespondsWith,
  Body,
  CurrentUser,
  Page,
  Param,
  QueryParams,
  Roles,
  Uuid,
  VerifiedEmail,
  Wait,
  withEtag,
  type AuthUser,
  type PageOf,
  type WaitRequest,
  Summary,
} from '@roost/http';
import {
  AdminBookings,
  AdminCancel,
  Booking,
  CancellationPreview,
  CreateBooking,
  GiveReason,
  ListBookings,
} from './booking.dto.js';
import { BookingReader } from './booking-reader.service.js';
import { BookingService } from './booking.service.js';
import { CancellationService } from './cancellation.service.js';

@Controller('v1')
export class BookingController {
  constructor(
    private readonly bookings: BookingService,
    private readonly cancellations: CancellationService,
    private readonly reader: BookingReader,
  ) {}

  @Summary('Book a quoted stay')
  @Post('bookings')
  @VerifiedEmail()
  @RespondsWith(
    201,
    Booking,
    'quote.not_found',
    'quote.used',
    'quote.expired',
    'booking.dates_unavailable',
    'booking.listing_unavailable',
    'listing.is_own',
  )
  create(@CurrentUser() guest: AuthUser, @Body(CreateBooking) body: CreateBooking): Promise<Booking> {
    return this.bookings.create(guest, body);
  }

  @Summary('Read a booking')
  @Get('bookings/:id')
  @HasEtag()
  @RespondsWith(200, Booking, 'booking.not_found', 'rate.too_many_waits')
  async read(
    @CurrentUser() viewer: AuthUser,
    @Param('id', Uuid) id: string,
    @Wait() wait: WaitRequest,
  ): Promise<Booking> {
    const { value, etag } = await this.reader.read(viewer, id, wait);
    return withEtag(value, etag);
  }

  @Summary('List your bookings')
  @Get('me/bookings')
  @RespondsWith(200, Page(Booking))
  list(
    @CurrentUser() viewer: AuthUser,
    @QueryParams(ListBookings) query: ListBookings,
  ): Promise<PageOf<Booking>> {
    return this.reader.list(viewer, query);
  }

  @Summary('Accept a booking request')
  @Post('bookings/:id/accept')
  @VerifiedEmail()
  @RespondsWith(
    200,
    Booking,
    'auth.forbidden',
    'booking.not_found',
    'booking.transition_not_allowed',
    'booking.accept_too_late',
  )
  accept(@CurrentUser() host: AuthUser, @Param('id', Uuid) id: string): Promise<Booking> {
    return this.bookings.accept(host, id);
  }

  @Summary('Decline a booking request')
  @Post('bookings/:id/decline')
  @VerifiedEmail()
  @RespondsWith(200, Booking, 'auth.forbidden', 'booking.not_found', 'booking.transition_not_allowed')
  decline(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(GiveReason) { reason }: GiveReason,
  ): Promise<Booking> {
    return this.bookings.decline(host, id, reason);
  }

  @Summary('Preview a cancellation')
  @Get('bookings/:id/cancellation')
  @RespondsWith(200, CancellationPreview, 'booking.not_found', 'booking.transition_not_allowed')
  previewCancellation(
    @CurrentUser() viewer: AuthUser,
    @Param('id', Uuid) id: string,
  ): Promise<CancellationPreview> {
    return this.cancellations.preview(viewer, id);
  }

  @Summary('Cancel a booking')
  @Post('bookings/:id/cancel')
  @RespondsWith(200, Booking, 'booking.not_found', 'booking.transition_not_allowed')
  cancel(
    @CurrentUser() user: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(GiveReason) { reason }: GiveReason,
  ): Promise<Booking> {
    return this.cancellations.cancel(user, id, reason);
  }

  @Summary('List all bookings')
  @Get('admin/bookings')
  @Roles('admin')
  @RespondsWith(200, Page(Booking), 'auth.forbidden')
  listAll(@QueryParams(AdminBookings) query: AdminBookings): Promise<PageOf<Booking>> {
    return this.reader.listAll(query);
  }

  @Summary('Cancel a booking as an administrator')
  @Post('admin/bookings/:id/cancel')
  @Roles('admin')
  @RespondsWith(
    200,
    Booking,
    'booking.not_found',
    'booking.transition_not_allowed',
    'booking.refund_out_of_range',
  )
  cancelAsAdmin(
    @CurrentUser() admin: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(AdminCancel) body: AdminCancel,
  ): Promise<Booking> {
    return this.cancellations.cancelAsAdmin(admin, id, body);
  }
}
