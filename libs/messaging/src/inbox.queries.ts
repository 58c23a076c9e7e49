import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { events, isEventType } from '@roost/contracts';
import type { EventEnvelope } from './envelope.js';

/**
 * Records the event as handled. Returns false if it was handled before or an earlier event of its key is a dead letter.
 *
 * It is the first statement of the handler's transaction: it takes the snapshot before the transaction id (see
 * `Transactions`) and waits for another process that handles the same event.
 */
export async function claimEvent(em: EntityManager, event: EventEnvelope): Promise<boolean> {
  const { id, type, topic, key } = event;
  const claimed = await em.execute<object[]>(sql`
    INSERT INTO inbox_event (event_id, type, compacted)
    SELECT ${id}, ${type}, ${isCompacted(type)}
    WHERE NOT EXISTS (SELECT FROM dead_letter WHERE topic = ${topic} AND key = ${key})
    ON CONFLICT (event_id) DO NOTHING RETURNING true`);
  return claimed.length > 0;
}

/** Whether the event was handled before. Reads the same snapshot as a `claimEvent` that returned false. */
export async function isHandled(em: EntityManager, eventId: string): Promise<boolean> {
  const [row] = await em.execute<{ handled: boolean }[]>(
    sql`SELECT EXISTS (SELECT FROM inbox_event WHERE event_id = ${eventId}) AS handled`,
  );
  return row?.handled === true;
}

/** Records the event as handled, whatever dead letters its key has. Returns false if it was handled before. */
export async function insertHandled(
  em: EntityManager,
  { id, type }: Pick<EventEnvelope, 'id' | 'type'>,
): Promise<boolean> {
  const inserted = await em.execute<object[]>(sql`
    INSERT INTO inbox_event (event_id, type, compacted) VALUES (${id}, ${type}, ${isCompacted(type)})
    ON CONFLICT (event_id) DO NOTHING RETURNING true`);
  return inserted.length > 0;
}

function isCompacted(type: string): boolean {
  return isEventType(type) && events[type].kind === 'state';
}
