import { isIP } from 'node:net';
import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { RetryTransaction, Transactions } from '@roost/messaging';
import { type AuthUser, decodeCursor, Idempotency, page, type PageOf } from '@roost/http';
import { Clock, Encryption, hashToken, Problem, uuidv7 } from '@roost/platform';
import { localDate } from '@roost/stay';
import { z } from 'zod';
import { CalendarPublisher } from '../calendar/calendar-publisher.service.js';
import { lockLinks, mark, release } from '../calendar/calendar.queries.js';
import { lockImports } from '../calendar/imported-entries.queries.js';
import {
  ListingSnapshotService,
  type ListingSnapshot,
} from '../listing-snapshot/listing-snapshot.service.js';
import { hostOf, maskedUrl, portOf, readFeedUrl } from './domain/feed-url.js';
import type { CreateFeed, Feed, FeedLogEntry, ListFeedLog } from './feed.dto.js';
import { FeedNetwork } from './feed-network.js';
import { FeedPoller } from './feed-poller.jobs.js';
import {
  eventsByFeed,
  feedsOf,
  feedsOfHost,
  findFeed,
  type FeedRow,
  type LogRow,
  logOf,
  statesOf,
  URL_CONTEXT,
} from './feed.queries.js';

const MOST_FEEDS = 20;

/** Calendars elsewhere whose nights are not offered here: which ones, and how they do. */
@Injectable()
export class FeedService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly listings: ListingSnapshotService,
    private readonly publisher: CalendarPublisher,
    private readonly encryption: Encryption,
    private readonly network: FeedNetwork,
    private readonly poller: FeedPoller,
    private readonly clock: Clock,
  ) {}

  /** It is read for the first time right after. */
  async add(host: AuthUser, listingId: string, wanted: CreateFeed): Promise<Feed> {
    const listing = await this.listings.findOwn(listingId, host.id);
    const url = this.allowed(wanted.url);
    return await this.idempotency.answer(
      async (em) => {
        const id = uuidv7();
        const now = this.clock.now();
        // One at a time, so that the limit holds.
        await lockImports(em, listing.calendarListingId);
        const known = await feedsOf(em, listing.calendarListingId);
        if (known.length >= MOST_FEEDS) throw new Problem('feed.limit_reached');
        const added = await em.execute<unknown[]>(
          `INSERT INTO calendar_feed (id, listing_id, name, url, url_hash, next_poll_at, created_at)
           VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (listing_id, url_hash) DO NOTHING RETURNING id`,
          [
            id,
            listing.calendarListingId,
            wanted.name,
            this.encryption.encrypt(url.href, URL_CONTEXT),
            hashToken(url.href),
            now,
            now,
          ],
        );
        if (added.length === 0) throw new Problem('feed.already_added');
        const feed = await findFeed(em, listing.calendarListingId, id);
        if (!feed) throw new RetryTransaction('a feed that was just added is gone');
        this.transactions.afterCommit(() => this.poller.wake());
        return this.view(feed, []);
      },
      { isolation: 'read committed' },
    );
  }

  async list(host: AuthUser, listingId: string): Promise<Feed[]> {
    return await this.views(await this.listings.findOwn(listingId, host.id));
  }

  /** What it blocked is free at once. */
  async remove(host: AuthUser, listingId: string, feedId: string): Promise<void> {
    const { calendarListingId } = await this.listings.findOwn(listingId, host.id);
    await this.transactions.run(
      async (em) => {
        if (!(await this.take(em, calendarListingId, feedId))) throw new Problem('feed.not_found');
      },
      { isolation: 'read committed' },
    );
  }

  /** Those of all listings of a host, whose secret their addresses are. Part of the caller's transaction, at READ COMMITTED. */
  async removeAllOf(em: EntityManager, hostId: string): Promise<void> {
    for (const { calendarListingId, id } of await feedsOfHost(em, hostId)) {
      await this.take(em, calendarListingId, id);
    }
  }

  /** False: there is no such feed of this listing. */
  private async take(em: EntityManager, calendarListingId: number, feedId: string): Promise<boolean> {
    await lockImports(em, calendarListingId);
    await lockLinks(em, calendarListingId);
    const feed = await findFeed(em, calendarListingId, feedId);
    if (!feed) return false;
    await release(em, feed.ownerId);
    await em.execute('DELETE FROM calendar_feed WHERE id = ?', [feed.id]);
    await mark(em, calendarListingId);
    this.publisher.publishAfterCommit();
    return true;
  }

  /** Has it read as soon as possible; the log tells what came of it. */
  async requestSync(host: AuthUser, listingId: string, feedId: string): Promise<Feed> {
    const listing = await this.listings.findOwn(listingId, host.id);
    await this.transactions.run(async (em) => {
      const asked = await em.execute<unknown[]>(
        'UPDATE calendar_feed SET asked = true, next_poll_at = ? WHERE id = ? AND listing_id = ? RETURNING id',
        [this.clock.now(), feedId, listing.calendarListingId],
      );
      if (asked.length === 0) throw new Problem('feed.not_found');
      this.transactions.afterCommit(() => this.poller.wake());
    });
    const feed = (await this.views(listing)).find(({ id }) => id === feedId);
    if (!feed) throw new Problem('feed.not_found');
    return feed;
  }

  async log(
    host: AuthUser,
    listingId: string,
    feedId: string,
    { limit, cursor }: ListFeedLog,
  ): Promise<PageOf<FeedLogEntry>> {
    const { calendarListingId } = await this.listings.findOwn(listingId, host.id);
    const em = this.em.fork();
    if (!(await findFeed(em, calendarListingId, feedId))) throw new Problem('feed.not_found');
    const after = decodeCursor(cursor, z.tuple([z.string().regex(/^\d{1,18}$/)]));
    const rows = await logOf(em, feedId, after?.[0] ?? null, limit + 1);
    const { data, nextCursor } = page(rows, limit, (row) => [row.id]);
    return { data: data.map(toLogEntry), nextCursor };
  }

  /** Where a name leads to is looked at when it is read; an address says so itself. */
  private allowed(text: string): URL {
    const url = readFeedUrl(text);
    const host = typeof url === 'string' ? '' : hostOf(url);
    const wrong =
      typeof url === 'string'
        ? url
        : isIP(host) !== 0 && !this.network.allows(host, portOf(url))
          ? 'Must be a server of the public internet, on port 80, 443, 8080 or 8443'
          : null;
    if (typeof url !== 'string' && wrong === null) return url;
    throw new Problem('feed.url_not_allowed', wrong ?? undefined, {
      errors: [{ pointer: '/url', detail: wrong ?? '' }],
    });
  }

  private async views(listing: ListingSnapshot): Promise<Feed[]> {
    const em = this.em.fork();
    const { calendarListingId } = listing;
    const today = localDate(this.clock.now(), listing.timeZone ?? 'UTC');
    const feeds = await feedsOf(em, calendarListingId);
    const events = await eventsByFeed(em, calendarListingId, today);
    const { states } = await statesOf(em, calendarListingId, today, events);
    return feeds.map((feed) =>
      this.view(
        feed,
        events
          .filter(({ feedId }) => feedId === feed.id)
          .map((event) => ({ ...event, clashes: states.get(event) === 'clash' })),
      ),
    );
  }

  private view(feed: FeedRow, events: readonly { from: string; to: string; clashes: boolean }[]): Feed {
    return {
      id: feed.id,
      listingId: feed.listingId,
      name: feed.name,
      url: maskedUrl(new URL(this.encryption.decrypt(feed.url, URL_CONTEXT))),
      status: feed.problem !== null ? 'failing' : feed.importedAt === null ? 'new' : 'ok',
      problem: feed.problem,
      failures: feed.failures,
      events: events.length,
      clashes: events.filter(({ clashes }) => clashes).map(({ from, to }) => ({ from, to })),
      checkedAt: feed.checkedAt?.toISOString() ?? null,
      importedAt: feed.importedAt?.toISOString() ?? null,
      nextCheckAt: feed.nextPollAt.toISOString(),
      createdAt: feed.createdAt.toISOString(),
    };
  }
}

const toLogEntry = ({ at, cause, outcome, problem, status, counts, clashes }: LogRow): FeedLogEntry => ({
  at: at.toISOString(),
  cause,
  outcome,
  problem,
  httpStatus: status,
  added: counts?.added ?? 0,
  moved: counts?.moved ?? 0,
  removed: counts?.removed ?? 0,
  echoes: counts?.echoes ?? 0,
  clashes,
  ignored: Object.entries(counts?.ignored ?? {}).map(([reason, count]) => ({
    reason: reason as FeedLogEntry['ignored'][number]['reason'],
    count,
  })),
});
