import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type AuthUser, decodeCursor, page, type PageOf } from '@roost/http';
import { Clock, Problem } from '@roost/platform';
import { type DateRange, localDate } from '@roost/stay';
import { z } from 'zod';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import { statesOf } from './feed-event-states.js';
import { eventsByFeed } from './feed-event.queries.js';
import { type LogRow, logOf } from './feed-log.queries.js';
import { FeedUrlService } from './feed-url.service.js';
import type { Feed, FeedLogEntry, ListFeedLog } from './feed.dto.js';
import { feedsOf, findFeed, type FeedRow } from './feed.queries.js';

/** Reads the feeds of a listing and their logs, for its host. */
@Injectable()
export class FeedReader {
  constructor(
    private readonly em: EntityManager,
    private readonly listings: ListingSnapshotService,
    private readonly urls: FeedUrlService,
    private readonly clock: Clock,
  ) {}

  async list(host: AuthUser, listingId: string): Promise<Feed[]> {
    const listing = await this.listings.findOwn(listingId, host.id);
    const em = this.em.fork();
    const { calendarListingId } = listing;
    const today = localDate(this.clock.now(), listing.timeZone ?? 'UTC');
    const feeds = await feedsOf(em, calendarListingId);
    const events = await eventsByFeed(em, calendarListingId, today);
    const { states } = await statesOf(em, calendarListingId, today, events);
    return feeds.map((feed) => {
      const own = events.filter(({ feedId }) => feedId === feed.id);
      const clashes = own.filter((event) => states.get(event) === 'clash');
      return this.toDto(feed, own.length, clashes);
    });
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

  toDto(feed: FeedRow, eventCount: number, clashes: readonly DateRange[]): Feed {
    return {
      id: feed.id,
      listingId: feed.listingId,
      name: feed.name,
      url: this.urls.mask(feed.url),
      status: statusOf(feed),
      problem: feed.problem,
      failures: feed.failures,
      events: eventCount,
      clashes: clashes.map(({ from, to }) => ({ from, to })),
      checkedAt: feed.checkedAt?.toISOString() ?? null,
      importedAt: feed.importedAt?.toISOString() ?? null,
      nextCheckAt: feed.nextPollAt.toISOString(),
      createdAt: feed.createdAt.toISOString(),
    };
  }
}

/** An unexpected error is a failure without a problem. */
function statusOf({ problem, failures, importedAt }: FeedRow): Feed['status'] {
  if (problem !== null || failures > 0) return 'failing';
  return importedAt === null ? 'new' : 'ok';
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
