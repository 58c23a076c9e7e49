import { setImmediate as othersTurn } from 'node:timers/promises';
import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Clock, Encryption, Health, uuidv7 } from '@roost/platform';
import { addHours, compareDates, localDate } from '@roost/stay';
import { BookingSweeper } from '../booking/booking-sweeper.jobs.js';
import { CalendarPublisher } from '../calendar/calendar-publisher.service.js';
import { lockLinks, mark } from '../calendar/calendar.queries.js';
import { lockImports } from '../calendar/imported-entries.queries.js';
import { importedNights } from '../calendar/domain/imported-nights.js';
import { writeImported } from '../calendar/imported-entries.js';
import { rejectStaleHolds } from '../calendar/stale-holds.port.js';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import type { EventState } from './domain/echo.js';
import { type FeedContent, type FeedEvent, readFeed } from './domain/feed-events.js';
import { nextPoll } from './domain/poll-time.js';
import type { FeedProblem } from './feed.dto.js';
import { FeedClient, type Fetched, type Validators } from './feed.client.js';
import {
  claimDueFeed,
  type ClaimedFeed,
  eventsOf,
  giveBackFeed,
  holdsLease,
  type LogCounts,
  replaceEvents,
  statesOf,
  storedKey,
  URL_CONTEXT,
  writeLog,
} from './feed.queries.js';

/** A rule without an end reaches further each day, whether or not the file changes. */
const WHOLE_READ_HOURS = 24;

type Read =
  | { kind: 'content'; content: FeedContent; validators: Validators; timeZone: string }
  | { kind: 'unchanged' }
  | { kind: 'failed'; problem: FeedProblem; status?: number };

/**
 * Reads one feed and makes its nights those of the listing: fetch, read, and then one transaction. Whatever goes wrong keeps
 * the nights of the last good check and is told in the log.
 */
@Injectable()
export class FeedSync {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly listings: ListingSnapshotService,
    private readonly publisher: CalendarPublisher,
    private readonly sweeper: BookingSweeper,
    private readonly fetcher: FeedClient,
    private readonly encryption: Encryption,
    private readonly health: Health,
    private readonly clock: Clock,
  ) {}

  /** The feed that has been due the longest, or the one named, due or not. False: there is none that nobody else is at. */
  async syncOne(feedId: string | null = null): Promise<boolean> {
    const feed = await claimDueFeed(this.em.fork(), this.clock.now(), uuidv7(), feedId);
    if (!feed) return false;
    try {
      const read = await this.read(feed);
      await this.sweeper.endStaleHoldsFirst(() =>
        this.transactions.run((em) => this.settle(em, feed, read), { isolation: 'read committed' }),
      );
    } catch (error) {
      await giveBackFeed(this.em.fork(), feed);
      throw error;
    }
    return true;
  }

  private async read(feed: ClaimedFeed): Promise<Read> {
    const listing = await this.listings.find(feed.listingId);
    const timeZone = listing?.timeZone ?? 'UTC';
    const now = this.clock.now();
    const readLately =
      feed.readAt !== null && feed.readAt <= now && now < addHours(feed.readAt, WHOLE_READ_HOURS);
    const known =
      readLately && feed.readFor === timeZone
        ? { etag: feed.etag, lastModified: feed.lastModified }
        : { etag: null, lastModified: null };
    const url = this.encryption.decrypt(feed.url, URL_CONTEXT);
    const fetched: Fetched = await this.fetcher.fetch(url, known, this.health.closing);
    if (fetched.kind !== 'content') return fetched;
    const place = { listingId: feed.listingId, timeZone, today: localDate(now, timeZone) };
    const content = await readFeed(fetched.bytes, place, othersTurn);
    if (typeof content === 'string') return { kind: 'failed', problem: content };
    return { kind: 'content', content, validators: fetched.validators, timeZone };
  }

  /** The lock of imports first, then the feed, then the links: all who write imported nights take them in this order. */
  private async settle(em: EntityManager, feed: ClaimedFeed, read: Read): Promise<void> {
    await lockImports(em, feed.calendarListingId);
    if (!(await holdsLease(em, feed))) return;
    if (read.kind === 'content') await this.settleContent(em, feed, read);
    else if (read.kind === 'failed') await this.fail(em, feed, read.problem, read.status);
    else await this.settleUnchanged(em, feed);
  }

  private async settleContent(
    em: EntityManager,
    feed: ClaimedFeed,
    { content, validators, timeZone }: Read & { kind: 'content' },
  ): Promise<void> {
    const now = this.clock.now();
    const today = localDate(now, timeZone);
    const before = await eventsOf(em, feed.id);
    const hadAny = before.some(({ to }) => compareDates(to, today) > 0);
    if (content.empty && hadAny && !feed.emptySeen) return await this.fail(em, feed, 'suddenly_empty');

    const events = content.events.map((event) => ({ ...event, key: storedKey(event.key) }));
    const { added, moved, gone } = difference(before, events);
    await replaceEvents(em, feed.id, gone, [...added, ...moved]);
    await lockLinks(em, feed.calendarListingId);
    await rejectStaleHolds(
      em,
      feed.calendarListingId,
      events.filter(({ own }) => !own),
      now,
    );
    const { states, stays } = await statesOf(em, feed.calendarListingId, today, events);
    const are = (state: EventState) => events.filter((event) => states.get(event) === state);
    // Of an echo only what a stay has: that is wanted once the stay is gone, and the rest is ours anyway.
    const echoed = importedNights(
      are('echo').filter(({ own }) => !own),
      stays,
    ).covered;
    const wanted = [...are('blocking'), ...are('clash'), ...echoed];
    const { changed } = await writeImported(em, feed.ownerId, feed.calendarListingId, wanted);
    const counts: LogCounts = {
      added: added.length,
      moved: moved.length,
      removed: gone.length,
      echoes: are('echo').length,
      ignored: content.ignored,
    };
    const clashes = are('clash').map(({ from, to }) => ({ from, to }));
    if (changed) {
      await mark(em, feed.calendarListingId);
      this.publisher.publishAfterCommit();
    }
    const isNews = added.length + moved.length + gone.length > 0 || feed.importedAt === null;
    await this.succeed(em, feed, now, isNews || changed ? 'imported' : 'unchanged', counts, clashes);
    await em.execute(
      'UPDATE calendar_feed SET etag = ?, last_modified = ?, read_for = ?, read_at = ? WHERE id = ?',
      [validators.etag, validators.lastModified, timeZone, now, feed.id],
    );
  }

  private async settleUnchanged(em: EntityManager, feed: ClaimedFeed): Promise<void> {
    const counts = { added: 0, moved: 0, removed: 0, echoes: 0, ignored: {} };
    await this.succeed(em, feed, this.clock.now(), 'unchanged', counts, []);
  }

  /** A poll that finds nothing new and nothing mended is no line of the log. */
  private async succeed(
    em: EntityManager,
    feed: ClaimedFeed,
    at: Date,
    outcome: 'imported' | 'unchanged',
    counts: LogCounts,
    clashes: { from: string; to: string }[],
  ): Promise<void> {
    const { cause } = feed;
    if (outcome === 'imported' || cause === 'host' || feed.problem !== null) {
      await writeLog(em, feed.id, { at, cause, outcome, problem: null, status: null, counts, clashes });
    }
    await em.execute(
      `UPDATE calendar_feed SET failures = 0, problem = NULL, empty_seen = false, checked_at = ?, imported_at = ?
       WHERE id = ?`,
      [at, at, feed.id],
    );
    await this.schedule(em, feed, at, 0);
  }

  private async fail(
    em: EntityManager,
    feed: ClaimedFeed,
    problem: FeedProblem,
    status: number | null = null,
  ): Promise<void> {
    const at = this.clock.now();
    const { cause } = feed;
    await writeLog(em, feed.id, { at, cause, outcome: 'failed', problem, status, counts: null, clashes: [] });
    const failures = feed.failures + 1;
    const suspicious = problem === 'suddenly_empty';
    await em.execute(
      'UPDATE calendar_feed SET failures = ?, problem = ?, empty_seen = ?, checked_at = ? WHERE id = ?',
      [failures, problem, suspicious, at, feed.id],
    );
    // What may be true is looked at again as soon as ever.
    await this.schedule(em, feed, at, suspicious ? 0 : failures);
  }

  /** A host who asked while it was being read is answered by the next one. */
  private async schedule(em: EntityManager, feed: ClaimedFeed, now: Date, failures: number): Promise<void> {
    await em.execute(
      `UPDATE calendar_feed SET lease = NULL, lease_until = NULL,
         next_poll_at = CASE WHEN asked THEN next_poll_at ELSE ?::timestamptz END WHERE id = ?`,
      [nextPoll(now, failures, Math.random()), feed.id],
    );
  }
}

function difference(before: readonly FeedEvent[], after: readonly FeedEvent[]) {
  const known = new Map(before.map((event) => [event.key, event]));
  const kept = new Set(after.map(({ key }) => key));
  return {
    added: after.filter(({ key }) => !known.has(key)),
    moved: after.filter((event) => {
      const old = known.get(event.key);
      return old !== undefined && (old.from !== event.from || old.to !== event.to || old.own !== event.own);
    }),
    gone: before.map(({ key }) => key).filter((key) => !kept.has(key)),
  };
}
