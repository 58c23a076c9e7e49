import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { currentRequest } from '@roost/http';
import { Listing } from './listing.entity.js';
import type { ListingEvent } from './listing.events.js';

export interface ListingChangeRow {
  version: number;
  actorId: string | null;
  action: string;
  fields: string[];
  at: Date;
}

const LOCATION = new Set(['lat', 'lng', 'publicLat', 'publicLng']);
const DERIVED = new Set(['updatedAt', 'publishedAt', 'statusBeforeSuspension', 'version']);

/** The names of the fields that changed since the listings were loaded; none for new listings. Must run before the flush. */
export function changedFields(em: EntityManager): Map<Listing, string[]> {
  em.getUnitOfWork().computeChangeSets();
  const changed = new Map<Listing, string[]>();
  for (const { entity, type, payload } of em.getUnitOfWork().getChangeSets()) {
    if (!(entity instanceof Listing)) continue;
    const names = type === 'create' ? [] : Object.keys(payload).filter((name) => !DERIVED.has(name));
    changed.set(entity, [...new Set(names.map((name) => (LOCATION.has(name) ? 'location' : name)))]);
  }
  return changed;
}

/** Records the new versions of these listings as changes by the user of the request. */
export async function insertListingChanges(
  em: EntityManager,
  type: ListingEvent,
  changed: readonly (readonly [Listing, string[]])[],
): Promise<void> {
  const actorId = currentRequest()?.user?.id ?? null;
  const rows = changed.map(([{ id, version, updatedAt }, fields]) => ({
    ...{ listing_id: id, version, actor_id: actorId },
    ...{ action: type.slice('listing.'.length), fields, at: updatedAt },
  }));
  await em.execute(sql`
    INSERT INTO listing_change
    SELECT * FROM jsonb_populate_recordset(NULL::listing_change, ${JSON.stringify(rows)}::jsonb)`);
}

/** The changes of a listing, newest first. */
export function findListingChanges(
  em: EntityManager,
  listingId: string,
  { before, limit }: { before: number | null; limit: number },
): Promise<ListingChangeRow[]> {
  return em.execute<ListingChangeRow[]>(sql`
    SELECT version, actor_id AS "actorId", action, fields, at FROM listing_change
     WHERE listing_id = ${listingId} AND (${before}::integer IS NULL OR version < ${before}::integer)
     ORDER BY version DESC LIMIT ${limit}`);
}
