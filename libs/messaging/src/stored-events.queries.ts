import { type EntityManager, sql } from '@mikro-orm/postgresql';

/**
 * Overwrites fields in the bodies of state events that the service stores: those it has published, and its dead letters.
 * For personal data of erased users: the newest state of a key is stored without a time limit, the earlier ones for 30 days.
 */
export async function overwriteStoredEvents(
  em: EntityManager,
  topic: string,
  keys: readonly string[],
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  const values = JSON.stringify(fields);
  await em.execute(sql`
    UPDATE outbox_event SET body = body || ${values}::jsonb
    WHERE compacted AND topic = ${topic} AND key = ANY(ARRAY[${keys}]::text[])`);
  // A dead letter that is no JSON object was never parsed and can't be handled later.
  await em.execute(sql`
    UPDATE dead_letter
    SET data = CASE WHEN data IS JSON OBJECT THEN (data::jsonb || ${values}::jsonb)::text ELSE '' END
    WHERE topic = ${topic} AND key = ANY(ARRAY[${keys}]::text[])`);
}
