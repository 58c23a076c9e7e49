import { Injectable } from '@nestjs/common';
import { RetryTransaction, Transactions } from '@roost/messaging';
import { type AuthUser, Idempotency } from '@roost/http';
import { Clock, hashToken, Problem, uuidv7 } from '@roost/platform';
import { lockImports } from '../calendar/imported-entries.queries.js';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import { FeedPoller } from './feed-poller.jobs.js';
import { FeedReader } from './feed-reader.service.js';
import { FeedUrlService } from './feed-url.service.js';
import type { CreateFeed, EditFeed, Feed } from './feed.dto.js';
import { feedsOf, findFeed, insertFeed, renameFeed, replaceUrl, requestPoll } from './feed.queries.js';

const MAX_FEEDS = 20;

/** Adds feeds to a listing: calendars of other marketplaces whose nights are blocked here. */
@Injectable()
export class FeedService {
  constructor(
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly listings: ListingSnapshotService,
    private readonly urls: FeedUrlService,
    private readonly poller: FeedPoller,
    private readonly reader: FeedReader,
    private readonly clock: Clock,
  ) {}

  /** The feed is read for the first time after the commit. */
  async add(host: AuthUser, listingId: string, { name, url: text }: CreateFeed): Promise<Feed> {
    const { calendarListingId } = await this.listings.findOwn(listingId, host.id);
    const url = this.urls.parse(text);
    return await this.idempotency.runOnce(
      async (em) => {
        const id = uuidv7();
        const now = this.clock.now();
        // One at a time, so that the limit is not exceeded.
        await lockImports(em, calendarListingId);
        const existing = await feedsOf(em, calendarListingId);
        if (existing.length >= MAX_FEEDS) throw new Problem('feed.limit_reached');
        const secret = { url: this.urls.encrypt(url), urlHash: hashToken(url.href) };
        const added = await insertFeed(em, { id, calendarListingId, name, ...secret, now });
        if (!added) throw new Problem('feed.already_added');
        const feed = await findFeed(em, calendarListingId, id);
        if (!feed) throw new RetryTransaction('a feed that was just added does not exist');
        this.transactions.afterCommit(() => this.poller.wake());
        return this.reader.toDto(feed, 0, []);
      },
      { isolation: 'read committed' },
    );
  }

  /** Makes the feed due at once; the log contains the result. */
  async requestSync(host: AuthUser, listingId: string, feedId: string): Promise<Feed> {
    const { calendarListingId } = await this.listings.findOwn(listingId, host.id);
    await this.transactions.run(async (em) => {
      if (!(await requestPoll(em, calendarListingId, feedId, this.clock.now())))
        throw new Problem('feed.not_found');
      this.transactions.afterCommit(() => this.poller.wake());
    });
    return await this.read(host, listingId, feedId);
  }

  async edit(
    host: AuthUser,
    listingId: string,
    feedId: string,
    { name, url: text }: EditFeed,
  ): Promise<Feed> {
    const { calendarListingId } = await this.listings.findOwn(listingId, host.id);
    const url = text === undefined ? null : this.urls.parse(text);
    await this.transactions.run(
      async (em) => {
        await lockImports(em, calendarListingId);
        if (!(await findFeed(em, calendarListingId, feedId))) throw new Problem('feed.not_found');
        if (name !== undefined) await renameFeed(em, feedId, name);
        if (url === null) return;
        const secret = { url: this.urls.encrypt(url), urlHash: hashToken(url.href) };
        if (!(await replaceUrl(em, feedId, secret, this.clock.now())))
          throw new Problem('feed.already_added');
        this.transactions.afterCommit(() => this.poller.wake());
      },
      { isolation: 'read committed' },
    );
    return await this.read(host, listingId, feedId);
  }

  private async read(host: AuthUser, listingId: string, feedId: string): Promise<Feed> {
    const feed = (await this.reader.list(host, listingId)).find(({ id }) => id === feedId);
    if (!feed) throw new Problem('feed.not_found');
    return feed;
  }
}
