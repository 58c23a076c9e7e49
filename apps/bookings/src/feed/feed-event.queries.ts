import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { hashToken } from '@roost/platform';
import type { IsoDate } from '@roost/stay';
import type { FeedEvent } from './domain/feed-events.js';

export async function eventsOf(em: EntityManager, feedId: string): Promise<FeedEvent[]> {
  return await em.execute<FeedEvent[]>(sql`
    SELECT key, to_char(from_date, 'YYYY-MM-DD') AS "from", to_char(to_date, 'YYYY-MM-DD') AS "to", own
    FROM calendar_feed_event WHERE feed_id = ${feedId}`);
}

/** The events of all feeds of a listing that end after `today`. */
export async function eventsByFeed(
  em: EntityManager,
  calendarListingId: number,
  today: IsoDate,
): Promise<(FeedEvent & { feedId: string })[]> {
  return await em.execute<(FeedEvent & { feedId: string })[]>(sql`
    SELECT e.feed_id AS "feedId", e.key, to_char(e.from_date, 'YYYY-MM-DD') AS "from",
      to_char(e.to_date, 'YYYY-MM-DD') AS "to", e.own
    FROM calendar_feed f JOIN calendar_feed_event e ON e.feed_id = f.id
    WHERE f.listing_id = ${calendarListingId} AND e.to_date > ${today}::date ORDER BY e.from_date, e.key`);
}

const UID_KEY_LENGTH = 22;

/** UIDs of feeds may have any length; their hashes have 22 characters. */
export const uidKey = (uid: string): string => hashToken(uid).toString('base64url').slice(0, UID_KEY_LENGTH);

/** The stored key of an event: the key of its UID, and for an occurrence a second hash. */
export function storedKey(key: string): string {
  const [uid = '', ...occurrence] = key.split('\n');
  const rest = occurrence.join('\n');
  return uidKey(uid) + (rest === '' ? '' : uidKey(rest));
}

export const uidKeyOf = (stored: string): string => stored.slice(0, UID_KEY_LENGTH);

/** Deletes and writes events of a feed. The keys are stored keys. */
export async function replaceEvents(
  em: EntityManager,
  feedId: string,
  deletedKeys: readonly string[],
  written: readonly FeedEvent[],
): Promise<void> {
  if (deletedKeys.length > 0) {
    await em.execute(sql`
      DELETE FROM calendar_feed_event WHERE feed_id = ${feedId} AND key = ANY(ARRAY[${deletedKeys}]::text[])`);
  }
  if (written.length === 0) return;
  await em.execute(sql`
    INSERT INTO calendar_feed_event (feed_id, key, from_date, to_date, own)
    SELECT ${feedId}::uuid, e.key, e."from", e."to", e.own
    FROM jsonb_to_recordset(${JSON.stringify(written)}::jsonb) AS e (key text, "from" date, "to" date, own boolean)
    ON CONFLICT (feed_id, key) DO UPDATE SET from_date = excluded.from_date, to_date = excluded.to_date,
      own = excluded.own`);
}
