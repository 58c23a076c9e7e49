import { Controller, Get, Header, Post } from '@nestjs/common';
import {
  HasEtag,
  RespondsWith,
  RespondsWithText,
  Body,
  CurrentUser,
  etagOf,
  Param,
  Public,
  Roles,
  Uuid,
  VerifiedEmail,
  withEtag,
  type AuthUser,
  Summary,
} from '@roost/http';
import { z } from 'zod';
import { CreateExportUrl, ExportUrl, MaskedExportUrl } from './calendar-export.dto.js';
import { CalendarExportService } from './calendar-export.service.js';

@Controller('v1')
export class CalendarExportController {
  constructor(private readonly exports: CalendarExportService) {}

  @Summary('Create the export URL of a calendar')
  @Post('listings/:id/calendar/export-url')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(201, ExportUrl, 'listing.not_found', 'listing.forbidden')
  createUrl(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) listingId: string,
    @Body(CreateExportUrl.prefault({})) body: CreateExportUrl,
  ): Promise<ExportUrl> {
    return this.exports.createUrl(host, listingId, body);
  }

  @Summary('Read the export URL of a calendar without its token')
  @Get('listings/:id/calendar/export-url')
  @Roles('host')
  @RespondsWith(200, MaskedExportUrl, 'listing.not_found', 'listing.forbidden', 'calendar.not_found')
  readUrl(@CurrentUser() host: AuthUser, @Param('id', Uuid) listingId: string): Promise<MaskedExportUrl> {
    return this.exports.maskedUrl(host, listingId);
  }

  @Summary('Read an exported calendar')
  @Get('calendars/:token.ics')
  @HasEtag()
  @Public()
  @RespondsWithText('text/calendar', 'calendar.not_found')
  @Header('cache-control', 'private, no-cache')
  @Header('x-robots-tag', 'noindex')
  async read(@Param('token', z.string().max(200)) token: string): Promise<string> {
    const ical = await this.exports.read(token);
    return withEtag(ical, etagOf(ical));
  }
}
