import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { type Position, START } from '../relay.queries.js';

/** An event that the broker refused and that no retry can deliver. */
export interface RefusedEvent {
  readonly id: string;
  /** With the id its position in the outbox. */
  readonly xid: string;
  readonly type: string;
  readonly topic: string;
  readonly key: string;
  /** The broker's error code. */
  readonly code: string;
  readonly bytes: number;
  readonly refusedAt: Date;
}

/** Selects refused events: one by its id, those of a type, or all. */
export interface RefusedFilter {
  id?: string | undefined;
  type?: string | undefined;
}

const matches = ({ id, type }: RefusedFilter) => sql`refused_at IS NOT NULL
  AND (${id ?? null}::uuid IS NULL OR id = ${id ?? null}::uuid)
  AND (${type ?? null}::text IS NULL OR type = ${type ?? null}::text)`;

/** In the order of the outbox, from the first one after the position `after`. */
export async function listRefused(
  em: EntityManager,
  filter: RefusedFilter,
  limit: number,
  after: Position = START,
): Promise<RefusedEvent[]> {
  return em.execute<RefusedEvent[]>(sql`
    SELECT id, e.xid::text AS xid, type, topic, key, refusal AS code, octet_length(body::text) AS bytes, refused_at AS "refusedAt"
    FROM outbox_event e WHERE ${matches(filter)} AND (e.xid, id) > (${after.xid}::xid8, ${after.id}::uuid)
    ORDER BY e.xid, id LIMIT ${limit}`);
}

/**
 * Moves refused events to the end of the outbox, in their order, so that the relay publishes them again. They keep their
 * ids and times: a listener drops a state event that is not newer, and an event that it has handled. Returns the number
 * of events.
 */
export async function resendRefused(em: EntityManager, filter: RefusedFilter): Promise<number> {
  const rows = await em.execute<object[]>(sql`
    UPDATE outbox_event SET xid = pg_current_xact_id(), refusal = NULL, refused_at = NULL
    WHERE ${matches(filter)} RETURNING true`);
  return rows.length;
}

/** Discards refused events: they are never published, and outbox retention deletes their rows. Returns the number of events. */
export async function discardRefused(em: EntityManager, filter: RefusedFilter): Promise<number> {
  const rows = await em.execute<object[]>(sql`
    UPDATE outbox_event SET refusal = NULL, refused_at = NULL WHERE ${matches(filter)} RETURNING true`);
  return rows.length;
}
