import { Controller, Get } from '@nestjs/common';
import {
  type AuthUser,
  CurrentUser,
  type PageOf,
  QueryParams,
  RespondsWith,
  Roles,
  Summary,
} from '@roost/http';
import { type ListingCalendar, ListingCalendars, ListOwnCalendars } from './calendar.dto.js';
import { CalendarService } from './calendar.service.js';

@Controller('v1/me/calendar')
export class OwnCalendarsController {
  constructor(private readonly calendars: CalendarService) {}

  @Summary('List the calendars of your listings')
  @Get()
  @Roles('host')
  @RespondsWith(200, ListingCalendars)
  list(
    @CurrentUser() host: AuthUser,
    @QueryParams(ListOwnCalendars) query: ListOwnCalendars,
  ): Promise<PageOf<ListingCalendar>> {
    return this.calendars.listOwn(host, query);
  }
}
