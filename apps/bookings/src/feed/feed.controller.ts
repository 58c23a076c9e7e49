import { Controller, Delete, Get, Patch, Post } from '@nestjs/common';
import {
  RespondsWith,
  Body,
  CurrentUser,
  type PageOf,
  Param,
  QueryParams,
  Roles,
  Uuid,
  VerifiedEmail,
  type AuthUser,
  Summary,
} from '@roost/http';
import { CreateFeed, EditFeed, Feed, FeedLog, type FeedLogEntry, Feeds, ListFeedLog } from './feed.dto.js';
import { FeedReader } from './feed-reader.service.js';
import { FeedRemovalService } from './feed-removal.service.js';
import { FeedService } from './feed.service.js';

@Controller('v1/listings/:id/calendar/feeds')
@Roles('host')
export class FeedController {
  constructor(
    private readonly feeds: FeedService,
    private readonly reader: FeedReader,
    private readonly removal: FeedRemovalService,
  ) {}

  @Summary('Add a calendar feed')
  @Post()
  @VerifiedEmail()
  @RespondsWith(
    201,
    Feed,
    'listing.not_found',
    'listing.forbidden',
    'feed.url_not_allowed',
    'feed.already_added',
    'feed.limit_reached',
  )
  add(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) listingId: string,
    @Body(CreateFeed) body: CreateFeed,
  ): Promise<Feed> {
    return this.feeds.add(host, listingId, body);
  }

  @Summary('List the calendar feeds of a listing')
  @Get()
  @RespondsWith(200, Feeds, 'listing.not_found', 'listing.forbidden')
  async list(@CurrentUser() host: AuthUser, @Param('id', Uuid) listingId: string): Promise<Feeds> {
    return { data: await this.reader.list(host, listingId) };
  }

  @Summary('Change a calendar feed')
  @Patch(':feedId')
  @VerifiedEmail()
  @RespondsWith(
    200,
    Feed,
    'listing.not_found',
    'listing.forbidden',
    'feed.not_found',
    'feed.url_not_allowed',
    'feed.already_added',
  )
  edit(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) listingId: string,
    @Param('feedId', Uuid) feedId: string,
    @Body(EditFeed) body: EditFeed,
  ): Promise<Feed> {
    return this.feeds.edit(host, listingId, feedId, body);
  }

  @Summary('Remove a calendar feed')
  @Delete(':feedId')
  @RespondsWith(204, 'listing.not_found', 'listing.forbidden', 'feed.not_found')
  remove(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) listingId: string,
    @Param('feedId', Uuid) feedId: string,
  ): Promise<void> {
    return this.removal.remove(host, listingId, feedId);
  }

  @Summary('Import a calendar feed now')
  @Post(':feedId/sync')
  @VerifiedEmail()
  @RespondsWith(202, Feed, 'listing.not_found', 'listing.forbidden', 'feed.not_found')
  sync(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) listingId: string,
    @Param('feedId', Uuid) feedId: string,
  ): Promise<Feed> {
    return this.feeds.requestSync(host, listingId, feedId);
  }

  @Summary('List the imports of a calendar feed')
  @Get(':feedId/log')
  @RespondsWith(200, FeedLog, 'listing.not_found', 'listing.forbidden', 'feed.not_found')
  log(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) listingId: string,
    @Param('feedId', Uuid) feedId: string,
    @QueryParams(ListFeedLog) query: ListFeedLog,
  ): Promise<PageOf<FeedLogEntry>> {
    return this.reader.log(host, listingId, feedId, query);
  }
}
