import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** The class of the advisory locks. */
const STREAM_LOCK = 4201;

export interface LiveEvent {
  sequence: number;
  type: string;
  data: object;
  createdAt: Date;
}

/**
 * Adds an event to the streams of users; a redelivered one changes nothing. A lock per user makes the events of a stream
 * visible in the order of their sequence: after a number, no lower one appears.
 */
export async function insertLiveEvent(
  em: EntityManager,
  event: { userIds: readonly string[]; eventId: string; type: string; data: object; now: Date },
): Promise<void> {
  // In one order, so that two transactions can't wait for each other.
  const userIds = [...new Set(event.userIds)].sort();
  await em.execute(sql`
    SELECT pg_advisory_xact_lock(${STREAM_LOCK}::int, hashtext(id)) FROM unnest(ARRAY[${userIds}]::text[]) id`);
  await em.execute(sql`
    INSERT INTO live_event (user_id, event_id, type, data, created_at)
    SELECT id, ${event.eventId}::uuid, ${event.type}, ${JSON.stringify(event.data)}::jsonb, ${event.now}::timestamptz
    FROM unnest(ARRAY[${userIds}]::uuid[]) id
    ON CONFLICT (user_id, event_id) DO NOTHING`);
}

/** The next events of a user, in order. */
export const findLiveEvents = (
  em: EntityManager,
  userId: string,
  { after, limit }: { after: number; limit: number },
): Promise<LiveEvent[]> =>
  em.execute<LiveEvent[]>(sql`
    SELECT sequence::float8 AS sequence, type, data, created_at AS "createdAt" FROM live_event
    WHERE user_id = ${userId} AND sequence > ${after} ORDER BY sequence LIMIT ${limit}`);

/** The number of the last event of all users; 0 without one. */
export async function lastSequence(em: EntityManager): Promise<number> {
  const [row] = await em.execute<[{ last: number }]>(sql`
    SELECT coalesce(max(sequence), 0)::float8 AS last FROM live_event`);
  return row.last;
}

/** The number of the last event of a user; 0 without one. */
export async function lastSequenceOf(em: EntityManager, userId: string): Promise<number> {
  const [row] = await em.execute<[{ last: number }]>(sql`
    SELECT coalesce(max(sequence), 0)::float8 AS last FROM live_event WHERE user_id = ${userId}`);
  return row.last;
}
