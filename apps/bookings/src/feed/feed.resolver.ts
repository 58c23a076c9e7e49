import {
  Arg,
  Args,
  BatchedEdge,
  Connection,
  type ConnectionPage,
  type EntityRef,
  ExternalEntity,
  Mutation,
  PageArguments,
  Query,
  Resolver,
  toConnection,
} from '@roost/graphql';
import { type AuthUser, CurrentUser, Roles, Uuid, VerifiedEmail } from '@roost/http';
import { Problem } from '@roost/platform';
import { z } from 'zod';
import { CreateFeed, EditFeed, Feed, FeedLogEntry } from './feed.dto.js';
import { FeedReader } from './feed-reader.service.js';
import { FeedRemovalService } from './feed-removal.service.js';
import { FeedService } from './feed.service.js';

const Listing = ExternalEntity('Listing');
type Ref = z.output<EntityRef>;

@Resolver()
export class FeedResolver {
  constructor(
    private readonly feeds: FeedService,
    private readonly reader: FeedReader,
    private readonly removal: FeedRemovalService,
  ) {}

  @Query(Connection(FeedLogEntry))
  @Roles('host')
  async calendarFeedLog(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) listingId: string,
    @Arg('feedId', Uuid) feedId: string,
    @Args(PageArguments) { first: limit, after: cursor }: PageArguments,
  ): Promise<ConnectionPage<FeedLogEntry>> {
    return toConnection(await this.reader.log(host, listingId, feedId, { limit, cursor }));
  }

  @Mutation(Feed)
  @Roles('host')
  @VerifiedEmail()
  createCalendarFeed(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) listingId: string,
    @Arg('input', CreateFeed) input: CreateFeed,
  ): Promise<Feed> {
    return this.feeds.add(host, listingId, input);
  }

  @Mutation(Feed)
  @Roles('host')
  @VerifiedEmail()
  editCalendarFeed(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) listingId: string,
    @Arg('feedId', Uuid) feedId: string,
    @Arg('input', EditFeed) input: EditFeed,
  ): Promise<Feed> {
    return this.feeds.edit(host, listingId, feedId, input);
  }

  @Mutation(Feed, {
    description: 'Reads the feed as soon as possible. The log of the feed contains the result.',
  })
  @Roles('host')
  @VerifiedEmail()
  syncCalendarFeed(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) listingId: string,
    @Arg('feedId', Uuid) feedId: string,
  ): Promise<Feed> {
    return this.feeds.requestSync(host, listingId, feedId);
  }

  @Mutation(Listing.nullable(), {
    description: 'Removes the feed and makes the nights that it blocked available.',
  })
  @Roles('host')
  async removeCalendarFeed(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) listingId: string,
    @Arg('feedId', Uuid) feedId: string,
  ): Promise<Ref> {
    await this.removal.remove(host, listingId, feedId);
    return { id: listingId };
  }
}

/** The feeds of a listing, visible to its host only. */
@Resolver(Listing)
export class ListingFeedsResolver {
  constructor(private readonly reader: FeedReader) {}

  @BatchedEdge(z.array(Feed).nullable())
  async calendarFeeds(listings: readonly Ref[], viewer: AuthUser | null): Promise<(Feed[] | null)[]> {
    const feeds: (Feed[] | null)[] = [];
    // One after the other, so that a list of listings uses one connection.
    for (const { id } of listings) feeds.push(viewer && (await this.feedsOf(id, viewer)));
    return feeds;
  }

  private async feedsOf(listingId: string, viewer: AuthUser): Promise<Feed[] | null> {
    try {
      return await this.reader.list(viewer, listingId);
    } catch (error) {
      if (error instanceof Problem && error.code.startsWith('listing.')) return null;
      throw error;
    }
  }
}
