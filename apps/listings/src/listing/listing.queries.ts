import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { decodeCursor, Instant, page, type PageOf, Uuid } from '@roost/http';
import { prefixPattern } from '@roost/platform';
import { z } from 'zod';
import type { AdminListingsQuery } from './listing.dto.js';
import { Listing } from './listing.entity.js';

const Cursor = z.tuple([Instant, Uuid]);

/** The listings of all hosts, newest first. */
export async function listListings(em: EntityManager, query: AdminListingsQuery): Promise<PageOf<Listing>> {
  const [at, lastId] = decodeCursor(query.cursor, Cursor) ?? [null, null];
  const { id = null, hostId = null, status = null, city = null, limit } = query;
  const { createdFrom: from = null, createdTo: to = null } = query;
  const prefix = query.q === undefined ? null : prefixPattern(query.q);
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT id FROM listing WHERE (${id}::uuid IS NULL OR id = ${id}::uuid)
      AND (${hostId}::uuid IS NULL OR host_id = ${hostId}::uuid)
      AND (${status}::text IS NULL OR status = ${status}::text)
      AND (${prefix}::text IS NULL OR lower(title) LIKE lower(${prefix}::text))
      AND (${city}::text IS NULL OR lower(address ->> 'city') = lower(${city}::text))
      AND (${from}::timestamptz IS NULL OR created_at >= ${from}::timestamptz)
      AND (${to}::timestamptz IS NULL OR created_at < ${to}::timestamptz)
      AND (${at}::timestamptz IS NULL OR (created_at, id) < (${at}::timestamptz, ${lastId}::uuid))
    ORDER BY created_at DESC, id DESC LIMIT ${limit + 1}`);
  const listings = await em.find(
    Listing,
    { id: { $in: rows.map(({ id }) => id) } },
    { orderBy: { createdAt: 'desc', id: 'desc' } },
  );
  return page(listings, limit, (listing) => [listing.createdAt.toISOString(), listing.id]);
}
