import { Controller, Delete, Get, Post, Put } from '@nestjs/common';
import {
  HasEtag,
  RespondsWith,
  Body,
  CurrentUser,
  OptionalUser,
  type PageOf,
  Param,
  QueryParams,
  Roles,
  Uuid,
  VerifiedEmail,
  withEtag,
  type AuthUser,
  Summary,
} from '@roost/http';
import {
  Block,
  Blocks,
  Calendar,
  CalendarRange,
  CreateBlock,
  Links,
  LinkListings,
  ListBlocks,
} from './calendar.dto.js';
import { CalendarService } from './calendar.service.js';
import { LinkService } from './link.service.js';

@Controller('v1/listings/:id')
export class CalendarController {
  constructor(
    private readonly calendars: CalendarService,
    private readonly links: LinkService,
  ) {}

  @Summary('Read the calendar of a listing')
  @Get('calendar')
  @OptionalUser()
  @RespondsWith(200, Calendar, 'listing.not_found')
  view(
    @Param('id', Uuid) listingId: string,
    @QueryParams(CalendarRange) range: CalendarRange,
    @CurrentUser() viewer: AuthUser | null,
  ): Promise<Calendar> {
    return this.calendars.view(listingId, range, viewer);
  }

  @Summary('Block nights')
  @Post('calendar/blocks')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(201, Block, 'listing.not_found', 'listing.forbidden', 'calendar.dates_taken')
  block(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) listingId: string,
    @Body(CreateBlock) body: CreateBlock,
  ): Promise<Block> {
    return this.calendars.block(host, listingId, body);
  }

  @Summary('List the blocks of a listing')
  @Get('calendar/blocks')
  @Roles('host')
  @RespondsWith(200, Blocks, 'listing.not_found', 'listing.forbidden')
  blocks(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) listingId: string,
    @QueryParams(ListBlocks) query: ListBlocks,
  ): Promise<PageOf<Block>> {
    return this.calendars.blocks(host, listingId, query);
  }

  @Summary('Remove a block')
  @Delete('calendar/blocks/:blockId')
  @Roles('host')
  @RespondsWith(204, 'listing.not_found', 'listing.forbidden', 'calendar.block_not_found')
  unblock(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) listingId: string,
    @Param('blockId', Uuid) blockId: string,
  ): Promise<void> {
    return this.calendars.unblock(host, listingId, blockId);
  }

  @Summary('Read the linked listings')
  @Get('links')
  @HasEtag()
  @Roles('host')
  @RespondsWith(200, Links, 'listing.not_found', 'listing.forbidden')
  async linked(@CurrentUser() host: AuthUser, @Param('id', Uuid) houseId: string): Promise<Links> {
    const { value, etag } = await this.links.read(host, houseId);
    return withEtag(value, etag);
  }

  @Summary('Replace the linked listings')
  @Put('links')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(
    200,
    Links,
    'listing.not_found',
    'listing.forbidden',
    'listing.link_clash',
    'request.precondition_failed',
  )
  async link(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) houseId: string,
    @Body(LinkListings) body: LinkListings,
  ): Promise<Links> {
    const { value, etag } = await this.links.link(host, houseId, body);
    return withEtag(value, etag);
  }
}
