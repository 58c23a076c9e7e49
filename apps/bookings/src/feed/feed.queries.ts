import { type EntityManager, type RawQueryFragment, sql } from '@mikro-orm/postgresql';
import { listingsOfHost } from '../calendar/calendar.queries.js';
import { MAX_PAUSE_HOURS } from './domain/poll-time.js';
import type { FeedProblem } from './feed.dto.js';

export interface FeedRow {
  id: string;
  listingId: string;
  calendarListingId: number;
  ownerId: number;
  name: string;
  /** Encrypted; see `FeedUrlService`. */
  url: string;
  etag: string | null;
  lastModified: string | null;
  /** The time zone by which the nights of the last successful check were computed, and its instant. */
  readFor: string | null;
  readAt: Date | null;
  emptySeen: boolean;
  failures: number;
  problem: FeedProblem | null;
  /** The problem that the host was notified of, until a check without a problem. */
  announcedProblem: FeedProblem | null;
  checkedAt: Date | null;
  importedAt: Date | null;
  nextPollAt: Date;
  createdAt: Date;
}

const columns = sql`f.id, l.public_id AS "listingId", f.listing_id AS "calendarListingId", f.owner_id AS "ownerId", f.name,
  f.url, f.etag, f.last_modified AS "lastModified", f.read_for AS "readFor", f.read_at AS "readAt",
  f.empty_seen AS "emptySeen", f.failures, f.problem, f.announced_problem AS "announcedProblem", f.checked_at AS "checkedAt", f.imported_at AS "importedAt",
  f.next_poll_at AS "nextPollAt", f.created_at AS "createdAt"`;

const fromRow = <R extends FeedRow>(row: R): R => ({
  ...row,
  calendarListingId: Number(row.calendarListingId),
  ownerId: Number(row.ownerId),
});

async function select(em: EntityManager, condition: RawQueryFragment): Promise<FeedRow[]> {
  const rows = await em.execute<FeedRow[]>(sql`
    SELECT ${columns} FROM calendar_feed f JOIN calendar_listing l ON l.id = f.listing_id
    WHERE ${condition} ORDER BY f.id`);
  return rows.map(fromRow);
}

export const feedsOf = (em: EntityManager, calendarListingId: number): Promise<FeedRow[]> =>
  select(em, sql`f.listing_id = ${calendarListingId}`);

export async function findFeed(
  em: EntityManager,
  calendarListingId: number,
  feedId: string,
): Promise<FeedRow | null> {
  const [row] = await select(em, sql`f.listing_id = ${calendarListingId} AND f.id = ${feedId}`);
  return row ?? null;
}

/** The feeds of a host's listings, in the order in which the listings are locked. */
export async function feedsOfHost(
  em: EntityManager,
  hostId: string,
): Promise<{ calendarListingId: number; id: string }[]> {
  const rows = await em.execute<{ calendarListingId: string; id: string }[]>(sql`
    SELECT f.listing_id AS "calendarListingId", f.id FROM calendar_feed f
    WHERE f.listing_id IN (${listingsOfHost(hostId)}) ORDER BY f.listing_id, f.id`);
  return rows.map(({ calendarListingId, id }) => ({ calendarListingId: Number(calendarListingId), id }));
}

export interface NewFeed {
  id: string;
  calendarListingId: number;
  name: string;
  /** Encrypted. */
  url: string;
  urlHash: Buffer;
  now: Date;
}

/** Inserts a feed that is due at once. Returns false if the listing has a feed with this URL. */
export async function insertFeed(em: EntityManager, feed: NewFeed): Promise<boolean> {
  const { id, calendarListingId, name, url, urlHash, now } = feed;
  const rows = await em.execute<unknown[]>(sql`
    INSERT INTO calendar_feed (id, listing_id, name, url, url_hash, next_poll_at, created_at)
    VALUES (${id}, ${calendarListingId}, ${name}, ${url}, ${urlHash}, ${now}, ${now})
    ON CONFLICT (listing_id, url_hash) DO NOTHING RETURNING id`);
  return rows.length > 0;
}

export async function renameFeed(em: EntityManager, feedId: string, name: string): Promise<void> {
  await em.execute(sql`UPDATE calendar_feed SET name = ${name} WHERE id = ${feedId}`);
}

/**
 * Replaces the URL of a feed and makes it due at once. A process that reads the previous URL loses its lease, so its result
 * is discarded. The same URL changes nothing. Returns false if another feed of the listing has this URL.
 */
export async function replaceUrl(
  em: EntityManager,
  feedId: string,
  secret: { url: string; urlHash: Buffer },
  now: Date,
): Promise<boolean> {
  const [row] = await em.execute<[{ taken: boolean }]>(sql`
    SELECT EXISTS (SELECT FROM calendar_feed f JOIN calendar_feed other USING (listing_id)
      WHERE f.id = ${feedId} AND other.id <> f.id AND other.url_hash = ${secret.urlHash}) AS taken`);
  if (row.taken) return false;
  await em.execute(sql`
    UPDATE calendar_feed SET url = ${secret.url}, url_hash = ${secret.urlHash}, etag = NULL, last_modified = NULL,
      empty_seen = false, failures = 0, asked = true, next_poll_at = ${now}, lease = NULL, lease_until = NULL
    WHERE id = ${feedId} AND url_hash <> ${secret.urlHash}`);
  return true;
}

export async function deleteFeed(em: EntityManager, feedId: string): Promise<void> {
  await em.execute(sql`DELETE FROM calendar_feed WHERE id = ${feedId}`);
}

/** Makes a feed due at once, on request of its host. Returns false if the listing has no such feed. */
export async function requestPoll(
  em: EntityManager,
  calendarListingId: number,
  feedId: string,
  now: Date,
): Promise<boolean> {
  const rows = await em.execute<unknown[]>(sql`
    UPDATE calendar_feed SET asked = true, next_poll_at = ${now}
    WHERE id = ${feedId} AND listing_id = ${calendarListingId} RETURNING id`);
  return rows.length > 0;
}

/** A feed that one process has claimed until it is finished, or until its lease expires. */
export interface ClaimedFeed extends FeedRow {
  lease: string;
  cause: 'poll' | 'host';
}

const LEASE_SECONDS = 60;

/**
 * Claims the feed that has been due the longest, or the feed with this id, due or not. A feed whose next poll is later than
 * any pause allows is due as well: the clock has been moved back.
 */
export async function claimDueFeed(
  em: EntityManager,
  now: Date,
  lease: string,
  feedId: string | null = null,
): Promise<ClaimedFeed | null> {
  const [row] = await em.execute<(FeedRow & { asked: boolean })[]>(sql`
    UPDATE calendar_feed f SET lease = ${lease}, lease_until = now() + make_interval(secs => ${LEASE_SECONDS}), asked = false
    FROM calendar_listing l
    WHERE l.id = f.listing_id AND f.id = (
      SELECT d.id FROM calendar_feed d JOIN calendar_listing dl ON dl.id = d.listing_id
      JOIN listing_snapshot s ON s.listing_id = dl.public_id
      WHERE (d.lease_until IS NULL OR d.lease_until < now()) AND CASE WHEN ${feedId}::uuid IS NULL
        THEN s.status <> 'archived'
          AND (d.next_poll_at <= ${now} OR d.next_poll_at > ${now}::timestamptz + make_interval(hours => ${2 * MAX_PAUSE_HOURS}))
        ELSE d.id = ${feedId}::uuid END
      ORDER BY d.next_poll_at LIMIT 1 FOR UPDATE OF d SKIP LOCKED)
    RETURNING ${columns}, old.asked`);
  return row ? { ...fromRow(row), lease, cause: row.asked ? 'host' : 'poll' } : null;
}

/** Locks a claimed feed. Returns false if it is deleted, or if another process has claimed it. */
export async function lockClaimed(em: EntityManager, feed: ClaimedFeed): Promise<boolean> {
  const rows = await em.execute<unknown[]>(sql`
    SELECT id FROM calendar_feed WHERE id = ${feed.id} AND lease = ${feed.lease} FOR UPDATE`);
  return rows.length === 1;
}

/** Ends the lease without a result. */
export async function releaseClaimed(em: EntityManager, feed: ClaimedFeed): Promise<void> {
  await em.execute(sql`
    UPDATE calendar_feed SET lease = NULL, lease_until = NULL, asked = asked OR ${feed.cause === 'host'}
    WHERE id = ${feed.id} AND lease = ${feed.lease}`);
}

/** Ends the lease after an error that is none of the problems of feeds. */
export async function storeError(
  em: EntityManager,
  feed: ClaimedFeed,
  at: Date,
  nextPollAt: Date,
): Promise<void> {
  await em.execute(sql`
    UPDATE calendar_feed SET failures = failures + 1, checked_at = ${at}, lease = NULL, lease_until = NULL,
      next_poll_at = CASE WHEN asked THEN next_poll_at ELSE ${nextPollAt}::timestamptz END
    WHERE id = ${feed.id} AND lease = ${feed.lease}`);
}

/** Ends the lease and sets the next poll, unless the host has requested a poll meanwhile. */
export async function scheduleNextPoll(em: EntityManager, feedId: string, at: Date): Promise<void> {
  await em.execute(sql`
    UPDATE calendar_feed SET lease = NULL, lease_until = NULL,
      next_poll_at = CASE WHEN asked THEN next_poll_at ELSE ${at}::timestamptz END WHERE id = ${feedId}`);
}

/** `problem` is that of a feed of which some events could not be read. */
export async function storeSuccess(
  em: EntityManager,
  feedId: string,
  problem: FeedProblem | null,
  at: Date,
): Promise<void> {
  await em.execute(sql`
    UPDATE calendar_feed SET failures = 0, problem = ${problem}, empty_seen = false, checked_at = ${at}, imported_at = ${at}
    WHERE id = ${feedId}`);
}

export async function storeFailure(
  em: EntityManager,
  feedId: string,
  failure: { failures: number; problem: FeedProblem; emptySeen: boolean; at: Date },
): Promise<void> {
  const { failures, problem, emptySeen, at } = failure;
  await em.execute(sql`
    UPDATE calendar_feed SET failures = ${failures}, problem = ${problem}, empty_seen = ${emptySeen}, checked_at = ${at}
    WHERE id = ${feedId}`);
}

export async function storeAnnounced(
  em: EntityManager,
  feedId: string,
  problem: FeedProblem | null,
): Promise<void> {
  await em.execute(sql`UPDATE calendar_feed SET announced_problem = ${problem} WHERE id = ${feedId}`);
}

/** Stores for which content the nights of the feed were computed. */
export async function storeReadState(
  em: EntityManager,
  feedId: string,
  state: { etag: string | null; lastModified: string | null; timeZone: string; at: Date },
): Promise<void> {
  const { etag, lastModified, timeZone, at } = state;
  await em.execute(sql`
    UPDATE calendar_feed SET etag = ${etag}, last_modified = ${lastModified}, read_for = ${timeZone}, read_at = ${at}
    WHERE id = ${feedId}`);
}
