import {
  Arg,
  Args,
  Connection,
  type ConnectionPage,
  Edge,
  type EntityRef,
  ExternalEntity,
  Mutation,
  PageArguments,
  Parent,
  Query,
  Reference,
  Resolver,
  toConnection,
} from '@roost/graphql';
import { CurrentUser, Uuid, VerifiedEmail, type AuthUser } from '@roost/http';
import { z } from 'zod';
import { StayDate } from '../terms/stay.dto.js';
import { Booking, BookingState, CancellationPreview, CreateBooking, GiveReason } from './booking.dto.js';
import { BookingReader } from './booking-reader.service.js';
import { BookingService } from './booking.service.js';
import { CancellationService } from './cancellation.service.js';

const User = ExternalEntity('User');
const Listing = ExternalEntity('Listing');
type Ref = z.output<EntityRef>;

const Role = z.enum(['guest', 'host']).meta({ id: 'BookingRole' });
const BookingFilter = { role: Role.default('guest'), state: BookingState.optional() };
type BookingFilter = { role: z.output<typeof Role>; state: z.output<typeof BookingState> | undefined };
const DateRange = { from: StayDate.optional(), to: StayDate.optional() };
type DateRange = { from: string | undefined; to: string | undefined };
const Reason = GiveReason.shape.reason;

@Resolver(Booking)
export class BookingResolver {
  constructor(
    private readonly service: BookingService,
    private readonly cancellations: CancellationService,
    private readonly reader: BookingReader,
  ) {}

  @Query(Booking)
  booking(@CurrentUser() viewer: AuthUser, @Arg('id', Uuid) id: string): Promise<Booking> {
    return this.reader.one(viewer, id);
  }

  @Query(Connection(Booking), { description: 'Your bookings, newest first.' })
  async bookings(
    @CurrentUser() viewer: AuthUser,
    @Args({ ...BookingFilter, ...DateRange, ...PageArguments })
    { first: limit, after: cursor, ...filter }: BookingFilter & DateRange & PageArguments,
  ): Promise<ConnectionPage<Booking>> {
    return toConnection(await this.reader.list(viewer, { ...filter, limit, cursor }));
  }

  @Query(CancellationPreview, { description: 'The refund of a cancellation now, and at later dates.' })
  cancellation(
    @CurrentUser() viewer: AuthUser,
    @Arg('bookingId', Uuid) id: string,
  ): Promise<CancellationPreview> {
    return this.cancellations.preview(viewer, id);
  }

  @Mutation(Booking)
  @VerifiedEmail()
  createBooking(
    @CurrentUser() guest: AuthUser,
    @Arg('input', CreateBooking) input: CreateBooking,
  ): Promise<Booking> {
    return this.service.create(guest, input);
  }

  @Mutation(Booking)
  @VerifiedEmail()
  acceptBooking(@CurrentUser() host: AuthUser, @Arg('id', Uuid) id: string): Promise<Booking> {
    return this.service.accept(host, id);
  }

  @Mutation(Booking)
  @VerifiedEmail()
  declineBooking(
    @CurrentUser() host: AuthUser,
    @Arg('id', Uuid) id: string,
    @Arg('reason', Reason) reason: string,
  ): Promise<Booking> {
    return this.service.decline(host, id, reason);
  }

  @Mutation(Booking)
  cancelBooking(
    @CurrentUser() user: AuthUser,
    @Arg('id', Uuid) id: string,
    @Arg('reason', Reason) reason: string,
  ): Promise<Booking> {
    return this.cancellations.cancel(user, id, reason);
  }

  /** Only its guest, its host and administrators see a booking. */
  @Reference(Booking)
  visible(ids: readonly string[], viewer: AuthUser): Promise<Booking[]> {
    return this.reader.readAll(viewer, ids);
  }

  @Edge(Listing.nullable())
  listing(@Parent() booking: Booking): Ref {
    return { id: booking.listingId };
  }

  @Edge(User.nullable())
  guest(@Parent() booking: Booking): Ref {
    return { id: booking.guestId };
  }
}

@Resolver(User)
export class UserBookingsResolver {
  constructor(private readonly reader: BookingReader) {}

  @Edge(Connection(Booking).nullable(), { description: 'Your own bookings; null for other users.' })
  async bookings(
    @Parent() user: Ref,
    @CurrentUser() viewer: AuthUser | null,
    @Args({ ...BookingFilter, ...PageArguments })
    { first: limit, after: cursor, ...filter }: BookingFilter & PageArguments,
  ): Promise<ConnectionPage<Booking> | null> {
    if (viewer?.id !== user.id) return null;
    return toConnection(await this.reader.list(viewer, { ...filter, limit, cursor }));
  }
}
