import {
  Arg,
  Args,
  Connection,
  type ConnectionPage,
  Mutation,
  PageArguments,
  Query,
  Resolver,
  toConnection,
} from '@roost/graphql';
import { CurrentUser, Uuid, VerifiedEmail, type AuthUser } from '@roost/http';
import { BookingChange, ProposeChange } from './change.dto.js';
import { ChangeService } from './change.service.js';

@Resolver(BookingChange)
export class ChangeResolver {
  constructor(private readonly changes: ChangeService) {}

  @Query(Connection(BookingChange), { description: 'The changes of a booking, newest first.' })
  async bookingChanges(
    @CurrentUser() viewer: AuthUser,
    @Arg('bookingId', Uuid) bookingId: string,
    @Args(PageArguments) { first: limit, after: cursor }: PageArguments,
  ): Promise<ConnectionPage<BookingChange>> {
    return toConnection(await this.changes.list(viewer, bookingId, { limit, cursor }));
  }

  @Mutation(BookingChange)
  @VerifiedEmail()
  proposeBookingChange(
    @CurrentUser() user: AuthUser,
    @Arg('bookingId', Uuid) bookingId: string,
    @Arg('input', ProposeChange) input: ProposeChange,
  ): Promise<BookingChange> {
    return this.changes.propose(user, bookingId, input);
  }

  @Mutation(BookingChange)
  @VerifiedEmail()
  acceptBookingChange(
    @CurrentUser() user: AuthUser,
    @Arg('bookingId', Uuid) bookingId: string,
    @Arg('changeId', Uuid) changeId: string,
  ): Promise<BookingChange> {
    return this.changes.accept(user, bookingId, changeId);
  }

  @Mutation(BookingChange)
  declineBookingChange(
    @CurrentUser() user: AuthUser,
    @Arg('bookingId', Uuid) bookingId: string,
    @Arg('changeId', Uuid) changeId: string,
  ): Promise<BookingChange> {
    return this.changes.decline(user, bookingId, changeId);
  }

  @Mutation(BookingChange)
  withdrawBookingChange(
    @CurrentUser() user: AuthUser,
    @Arg('bookingId', Uuid) bookingId: string,
    @Arg('changeId', Uuid) changeId: string,
  ): Promise<BookingChange> {
    return this.changes.withdraw(user, bookingId, changeId);
  }
}
