import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** The values of a new row of `outbox_event`. */
export interface NewOutboxEvent {
  readonly type: string;
  readonly topic: string;
  readonly key: string;
  /** The topic is compacted: the newest event per key is retained without a time limit. */
  readonly compacted: boolean;
  readonly version: number | null;
  readonly schemaVersion: number;
  readonly traceparent: string | null;
  /** JSON. */
  readonly body: string;
}

/** The columns that a statement with its own INSERT fills, in the order of `Outbox.row`. */
export const OUTBOX_COLUMNS =
  'type, topic, key, compacted, aggregate_version, schema_version, traceparent, body';

/** `event` in the order of `OUTBOX_COLUMNS`. */
export function outboxValues(event: NewOutboxEvent): unknown[] {
  const { type, topic, key, compacted, version, schemaVersion, traceparent, body } = event;
  return [type, topic, key, compacted, version, schemaVersion, traceparent, body];
}

export async function insertOutboxEvent(em: EntityManager, event: NewOutboxEvent): Promise<void> {
  await em.execute(sql`
    INSERT INTO outbox_event (type, topic, key, compacted, aggregate_version, schema_version, traceparent, body)
    VALUES (${event.type}, ${event.topic}, ${event.key}, ${event.compacted}, ${event.version}, ${event.schemaVersion},
      ${event.traceparent}, ${event.body}::jsonb)`);
}

/** Represents null in an array: MikroORM formats a null in an array as an empty text. Versions start at 1. */
const NO_VERSION = -1;

/** Inserts events that differ only in key, version and body; the relay publishes them in this order. */
export async function insertOutboxEvents(
  em: EntityManager,
  common: Omit<NewOutboxEvent, 'key' | 'version' | 'body'>,
  events: readonly Pick<NewOutboxEvent, 'key' | 'version' | 'body'>[],
): Promise<void> {
  await em.execute(sql`
    INSERT INTO outbox_event (type, topic, key, compacted, aggregate_version, schema_version, traceparent, body)
    SELECT ${common.type}, ${common.topic}, event.key, ${common.compacted}, nullif(event.version, ${NO_VERSION}), ${common.schemaVersion},
      ${common.traceparent}, event.body
    FROM unnest(
      ARRAY[${events.map(({ key }) => key)}]::text[],
      ARRAY[${events.map(({ version }) => version ?? NO_VERSION)}]::bigint[],
      ARRAY[${events.map(({ body }) => body)}]::jsonb[]
    ) WITH ORDINALITY AS event (key, version, body, position)
    ORDER BY event.position`);
}
