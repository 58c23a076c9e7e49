import { Controller, Get, Post } from '@nestjs/common';
import {
  HasEtag,
  RespondsWith,
  Body,
  CurrentUser,
  etagOf,
  type PageOf,
  Param,
  QueryParams,
  Uuid,
  VerifiedEmail,
  withEtag,
  type AuthUser,
  Summary,
} from '@roost/http';
import { BookingChange, BookingChanges, ListChanges, ProposeChange } from './change.dto.js';
import { ChangeService } from './change.service.js';

@Controller('v1/bookings/:id/changes')
export class ChangeController {
  constructor(private readonly changes: ChangeService) {}

  @Summary('Propose a change of a booking')
  @Post()
  @VerifiedEmail()
  @RespondsWith(
    201,
    BookingChange,
    'booking.not_found',
    'booking.transition_not_allowed',
    'booking.dates_unavailable',
    'booking.listing_unavailable',
    'change.already_open',
    'change.difference_out_of_range',
    'change.nights_stayed',
    'change.nothing_changed',
    'quote.stay_rule',
  )
  propose(
    @CurrentUser() user: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(ProposeChange) body: ProposeChange,
  ): Promise<BookingChange> {
    return this.changes.propose(user, id, body);
  }

  @Summary('List the changes of a booking')
  @Get()
  @RespondsWith(200, BookingChanges, 'booking.not_found')
  list(
    @CurrentUser() viewer: AuthUser,
    @Param('id', Uuid) id: string,
    @QueryParams(ListChanges) query: ListChanges,
  ): Promise<PageOf<BookingChange>> {
    return this.changes.list(viewer, id, query);
  }

  @Summary('Read a change of a booking')
  @Get(':changeId')
  @HasEtag()
  @RespondsWith(200, BookingChange, 'change.not_found')
  async read(
    @CurrentUser() viewer: AuthUser,
    @Param('id', Uuid) id: string,
    @Param('changeId', Uuid) changeId: string,
  ): Promise<BookingChange> {
    const { change, version } = await this.changes.read(viewer, id, changeId);
    return withEtag(change, etagOf(version, viewer.id));
  }

  @Summary('Accept a change of a booking')
  @Post(':changeId/accept')
  @VerifiedEmail()
  @RespondsWith(
    200,
    BookingChange,
    'auth.forbidden',
    'booking.not_found',
    'change.not_found',
    'change.transition_not_allowed',
  )
  accept(
    @CurrentUser() user: AuthUser,
    @Param('id', Uuid) id: string,
    @Param('changeId', Uuid) changeId: string,
  ): Promise<BookingChange> {
    return this.changes.accept(user, id, changeId);
  }

  @Summary('Decline a change of a booking')
  @Post(':changeId/decline')
  @RespondsWith(
    200,
    BookingChange,
    'auth.forbidden',
    'booking.not_found',
    'change.not_found',
    'change.transition_not_allowed',
  )
  decline(
    @CurrentUser() user: AuthUser,
    @Param('id', Uuid) id: string,
    @Param('changeId', Uuid) changeId: string,
  ): Promise<BookingChange> {
    return this.changes.decline(user, id, changeId);
  }

  @Summary('Withdraw a change of a booking')
  @Post(':changeId/withdraw')
  @RespondsWith(
    200,
    BookingChange,
    'auth.forbidden',
    'booking.not_found',
    'change.not_found',
    'change.transition_not_allowed',
  )
  withdraw(
    @CurrentUser() user: AuthUser,
    @Param('id', Uuid) id: string,
    @Param('changeId', Uuid) changeId: string,
  ): Promise<BookingChange> {
    return this.changes.withdraw(user, id, changeId);
  }
}
