import { type EntityManager, sql } from '@mikro-orm/postgresql';

interface SearchRow {
  id: string;
  city: string;
}

export const searchRowsOf = (em: EntityManager, ids: readonly string[]): Promise<SearchRow[]> =>
  em.execute<SearchRow[]>(sql`
    SELECT listing_id AS id, city FROM listing_search WHERE listing_id = ANY(ARRAY[${[...ids]}]::uuid[])`);

export const searchRowsOfHost = (em: EntityManager, hostId: string): Promise<SearchRow[]> =>
  em.execute<SearchRow[]>(sql`SELECT listing_id AS id, city FROM listing_search WHERE host_id = ${hostId}`);
