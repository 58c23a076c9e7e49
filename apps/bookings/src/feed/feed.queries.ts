import type { EntityManager } from '@mikro-orm/postgresql';
import { hashToken } from '@roost/platform';
import type { DateRange, IsoDate } from '@roost/stay';
import { listingsOfHost, nightsToExport, toArray } from '../calendar/calendar.queries.js';
import { type EventState, stateOf } from './domain/echo.js';
import type { FeedEvent, Ignored } from './domain/feed-events.js';
import { LONGEST_PAUSE_HOURS } from './domain/poll-time.js';
import type { FeedProblem } from './feed.dto.js';

/** What an encrypted URL of a feed is encrypted for. */
export const URL_CONTEXT = 'calendar_feed.url';

export interface FeedRow {
  id: string;
  listingId: string;
  calendarListingId: number;
  ownerId: number;
  name: string;
  /** Encrypted. */
  url: string;
  etag: string | null;
  lastModified: string | null;
  /** For which time zone the nights of the last good check were worked out, and when. */
  readFor: string | null;
  readAt: Date | null;
  emptySeen: boolean;
  failures: number;
  problem: FeedProblem | null;
  checkedAt: Date | null;
  importedAt: Date | null;
  nextPollAt: Date;
  createdAt: Date;
}

const columns = `f.id, l.public_id AS "listingId", f.listing_id AS "calendarListingId", f.owner_id AS "ownerId", f.name,
  f.url, f.etag, f.last_modified AS "lastModified", f.read_for AS "readFor", f.read_at AS "readAt",
  f.empty_seen AS "emptySeen", f.failures, f.problem, f.checked_at AS "checkedAt", f.imported_at AS "importedAt",
  f.next_poll_at AS "nextPollAt", f.created_at AS "createdAt"`;

const fromRow = <R extends FeedRow>(row: R): R => ({
  ...row,
  calendarListingId: Number(row.calendarListingId),
  ownerId: Number(row.ownerId),
});

export async function feedsOf(em: EntityManager, calendarListingId: number): Promise<FeedRow[]> {
  const rows = await em.execute<FeedRow[]>(
    `SELECT ${columns} FROM calendar_feed f JOIN calendar_listing l ON l.id = f.listing_id
     WHERE f.listing_id = ? ORDER BY f.id`,
    [calendarListingId],
  );
  return rows.map(fromRow);
}

export async function findFeed(
  em: EntityManager,
  calendarListingId: number,
  feedId: string,
): Promise<FeedRow | null> {
  const [row] = await em.execute<FeedRow[]>(
    `SELECT ${columns} FROM calendar_feed f JOIN calendar_listing l ON l.id = f.listing_id
     WHERE f.listing_id = ? AND f.id = ?`,
    [calendarListingId, feedId],
  );
  return row ? fromRow(row) : null;
}

/** In the order in which their listings are locked. */
export async function feedsOfHost(
  em: EntityManager,
  hostId: string,
): Promise<{ calendarListingId: number; id: string }[]> {
  const rows = await em.execute<{ calendarListingId: string; id: string }[]>(
    `SELECT f.listing_id AS "calendarListingId", f.id FROM calendar_feed f
     WHERE f.listing_id IN (${listingsOfHost}) ORDER BY f.listing_id, f.id`,
    [hostId],
  );
  return rows.map(({ calendarListingId, id }) => ({ calendarListingId: Number(calendarListingId), id }));
}

/** A feed that one process has to itself until it is done, or until its lease runs out with it. */
export interface ClaimedFeed extends FeedRow {
  lease: string;
  cause: 'poll' | 'host';
}

const LEASE_SECONDS = 60;

/**
 * The feed that has been due the longest, or the one named. A feed that is due much later than it can be has outlived a
 * move of the clock.
 */
export async function claimDueFeed(
  em: EntityManager,
  now: Date,
  lease: string,
  feedId: string | null = null,
): Promise<ClaimedFeed | null> {
  const [row] = await em.execute<(FeedRow & { asked: boolean })[]>(
    `UPDATE calendar_feed f SET lease = ?, lease_until = now() + make_interval(secs => ?), asked = false
     FROM calendar_listing l
     WHERE l.id = f.listing_id AND f.id = (
       SELECT d.id FROM calendar_feed d JOIN calendar_listing dl ON dl.id = d.listing_id
       JOIN listing_snapshot s ON s.listing_id = dl.public_id
       WHERE (d.lease_until IS NULL OR d.lease_until < now()) AND CASE WHEN ?::uuid IS NULL
         THEN s.status <> 'archived' AND (d.next_poll_at <= ? OR d.next_poll_at > ?::timestamptz + make_interval(hours => ?))
         ELSE d.id = ?::uuid END
       ORDER BY d.next_poll_at LIMIT 1 FOR UPDATE OF d SKIP LOCKED)
     RETURNING ${columns}, old.asked`,
    [lease, LEASE_SECONDS, feedId, now, now, 2 * LONGEST_PAUSE_HOURS, feedId],
  );
  return row ? { ...fromRow(row), lease, cause: row.asked ? 'host' : 'poll' } : null;
}

/** False: the feed is gone, or somebody else has taken it over. */
export async function holdsLease(em: EntityManager, feed: ClaimedFeed): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    'SELECT id FROM calendar_feed WHERE id = ? AND lease = ? FOR UPDATE',
    [feed.id, feed.lease],
  );
  return rows.length === 1;
}

/** Gives a feed back as it was. */
export async function giveBackFeed(em: EntityManager, feed: ClaimedFeed): Promise<void> {
  await em.execute(
    `UPDATE calendar_feed SET lease = NULL, lease_until = NULL, asked = asked OR ?
     WHERE id = ? AND lease = ?`,
    [feed.cause === 'host', feed.id, feed.lease],
  );
}

export async function eventsOf(em: EntityManager, feedId: string): Promise<FeedEvent[]> {
  return await em.execute<FeedEvent[]>(
    `SELECT key, to_char(from_date, 'YYYY-MM-DD') AS "from", to_char(to_date, 'YYYY-MM-DD') AS "to", own
     FROM calendar_feed_event WHERE feed_id = ?`,
    [feedId],
  );
}

/** A UID may be as long as a feed likes; its hash is not. */
export const storedKey = (key: string): string => hashToken(key).toString('base64url').slice(0, 22);

/** Makes these all events of a feed. Their keys are stored ones. */
export async function replaceEvents(
  em: EntityManager,
  feedId: string,
  gone: readonly string[],
  written: readonly FeedEvent[],
): Promise<void> {
  if (gone.length > 0) {
    await em.execute('DELETE FROM calendar_feed_event WHERE feed_id = ? AND key = ANY(?::text[])', [
      feedId,
      toArray(gone),
    ]);
  }
  if (written.length === 0) return;
  await em.execute(
    `INSERT INTO calendar_feed_event (feed_id, key, from_date, to_date, own)
     SELECT ?::uuid, e.key, e."from", e."to", e.own
     FROM jsonb_to_recordset(?::jsonb) AS e (key text, "from" date, "to" date, own boolean)
     ON CONFLICT (feed_id, key) DO UPDATE SET from_date = excluded.from_date, to_date = excluded.to_date,
       own = excluded.own`,
    [feedId, JSON.stringify(written)],
  );
}

/** Which of these events are echoes and clashes, by the stays and our own export as they are now. */
export async function statesOf(
  em: EntityManager,
  calendarListingId: number,
  today: IsoDate,
  events: readonly FeedEvent[],
): Promise<{ states: Map<FeedEvent, EventState>; stays: DateRange[] }> {
  const ours = await nightsToExport(em, calendarListingId, today, false);
  const stays = ours.filter(({ kind }) => kind === 'stay');
  const exported = ours.filter(({ kind }) => kind !== 'import');
  return { states: new Map(events.map((event) => [event, stateOf(event, stays, exported)])), stays };
}

export async function eventsByFeed(
  em: EntityManager,
  calendarListingId: number,
  today: IsoDate,
): Promise<(FeedEvent & { feedId: string })[]> {
  return await em.execute<(FeedEvent & { feedId: string })[]>(
    `SELECT e.feed_id AS "feedId", e.key, to_char(e.from_date, 'YYYY-MM-DD') AS "from",
       to_char(e.to_date, 'YYYY-MM-DD') AS "to", e.own
     FROM calendar_feed f JOIN calendar_feed_event e ON e.feed_id = f.id
     WHERE f.listing_id = ? AND e.to_date > ?::date ORDER BY e.from_date, e.key`,
    [calendarListingId, today],
  );
}

export interface LogCounts {
  added: number;
  moved: number;
  removed: number;
  echoes: number;
  ignored: Partial<Record<Ignored, number>>;
}

export interface LogRow {
  id: string;
  at: Date;
  cause: 'poll' | 'host';
  outcome: 'imported' | 'unchanged' | 'failed';
  problem: FeedProblem | null;
  status: number | null;
  counts: LogCounts | null;
  clashes: DateRange[];
}

const KEPT_LOG_ROWS = 500;

export async function writeLog(em: EntityManager, feedId: string, row: Omit<LogRow, 'id'>): Promise<void> {
  await em.execute(
    `INSERT INTO calendar_feed_log (feed_id, at, cause, outcome, problem, status, counts, clashes)
     VALUES (?, ?, ?, ?, ?, ?, ?::jsonb, ?::jsonb)`,
    [
      feedId,
      row.at,
      row.cause,
      row.outcome,
      row.problem,
      row.status,
      row.counts && JSON.stringify(row.counts),
      JSON.stringify(row.clashes),
    ],
  );
  await em.execute(
    `DELETE FROM calendar_feed_log WHERE feed_id = ? AND id <= (
       SELECT id FROM calendar_feed_log WHERE feed_id = ? ORDER BY id DESC OFFSET ? LIMIT 1)`,
    [feedId, feedId, KEPT_LOG_ROWS],
  );
}

/** Newest first; ordered by the number, not by the text that is given back under its name. */
export async function logOf(
  em: EntityManager,
  feedId: string,
  before: string | null,
  limit: number,
): Promise<LogRow[]> {
  return await em.execute<LogRow[]>(
    `SELECT id::text, at, cause, outcome, problem, status, counts, clashes FROM calendar_feed_log
     WHERE feed_id = ? AND (?::bigint IS NULL OR id < ?::bigint) ORDER BY calendar_feed_log.id DESC LIMIT ?`,
    [feedId, before, before, limit],
  );
}
