import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { prefixPattern } from '@roost/platform';
import type { Place } from './place.dto.js';

export interface PlacedListing {
  id: string;
  countryCode: string;
  /** The city as the host spells it. */
  name: string;
  lat: number;
  lng: number;
}

interface CityOfCountry {
  countryCode: string;
  city: string;
}

export async function findPlaces(em: EntityManager, prefix: string, limit: number): Promise<Place[]> {
  const rows = await em.execute<(Omit<Place, 'center' | 'bbox'> & Record<Degrees, number>)[]>(sql`
    SELECT p.name, p.country_code AS "countryCode", p.listing_count AS listings,
           p.lat_sum / p.listing_count AS lat, p.lng_sum / p.listing_count AS lng, p.west, p.south, p.east, p.north
      FROM place p
     WHERE p.id IN (SELECT place_id FROM place_name WHERE name LIKE ${prefixPattern(prefix)})
     ORDER BY p.listing_count DESC, p.name, p.country_code LIMIT ${limit}`);
  return rows.map(({ lat, lng, west, south, east, north, ...place }) => ({
    ...place,
    center: { lat, lng },
    bbox: { west, south, east, north },
  }));
}

type Degrees = 'lat' | 'lng' | 'west' | 'south' | 'east' | 'north';

/** The changes that are due, the oldest first. */
export async function dueChanges(em: EntityManager, limit: number): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    sql`SELECT id::text FROM place_change WHERE due_at <= now() ORDER BY due_at, id LIMIT ${limit}`,
  );
  return rows.map(({ id }) => id);
}

/** Only one process at a time updates places: otherwise an older state of a listing could overwrite a newer one. */
async function lockPlaces(em: EntityManager): Promise<void> {
  await em.execute(sql`SELECT pg_advisory_xact_lock(hashtext('place_change'))`);
}

export async function claimChanges(em: EntityManager, ids: readonly string[]): Promise<string[]> {
  await lockPlaces(em);
  const rows = await em.execute<{ listingId: string }[]>(sql`
    DELETE FROM place_change WHERE id = ANY(ARRAY[${[...ids]}]::bigint[]) RETURNING listing_id AS "listingId"`);
  return [...new Set(rows.map(({ listingId }) => listingId))];
}

export async function deferChange(em: EntityManager, id: string): Promise<void> {
  await em.execute(
    sql`UPDATE place_change SET due_at = now() + interval '1 minute' WHERE id = ${id}::bigint`,
  );
}

/** Those of these listings that a search can find: they are in the index, and their host is active. */
export async function placedListings(em: EntityManager, ids: readonly string[]): Promise<PlacedListing[]> {
  return em.execute<PlacedListing[]>(sql`
    SELECT l.id, l.address ->> 'countryCode' AS "countryCode", l.address ->> 'city' AS name, s.lat, s.lng
      FROM listing_search s JOIN listing l ON l.id = s.listing_id
     WHERE s.listing_id = ANY(ARRAY[${[...ids]}]::uuid[])
       AND NOT EXISTS (SELECT FROM account_standing a WHERE a.user_id = l.host_id AND a.status <> 'active')`);
}

export async function knownPlaces(
  em: EntityManager,
  places: readonly CityOfCountry[],
): Promise<(CityOfCountry & { id: number })[]> {
  return em.execute<(CityOfCountry & { id: number })[]>(sql`
    SELECT p.id, p.country_code AS "countryCode", p.city
      FROM place p
      JOIN jsonb_to_recordset(${JSON.stringify(places)}::jsonb) AS row ("countryCode" text, city text)
        ON p.country_code = row."countryCode" AND p.city = row.city`);
}

export async function insertPlace(
  em: EntityManager,
  { countryCode, city, name }: CityOfCountry & { name: string },
  names: readonly string[],
): Promise<number> {
  const [place] = await em.execute<[{ id: number }]>(sql`
    WITH added AS (
      INSERT INTO place (country_code, city, name) VALUES (${countryCode}, ${city}, ${name}) RETURNING id),
    named AS (
      INSERT INTO place_name (name, place_id)
      SELECT jsonb_array_elements_text(${JSON.stringify(names)}::jsonb), id FROM added)
    SELECT id FROM added`);
  return place.id;
}

/** Takes listings out of their places at once, for an erasure: the sweep may come after its completion. */
export async function removeFromPlaces(em: EntityManager, listingIds: readonly string[]): Promise<void> {
  if (listingIds.length === 0) return;
  await lockPlaces(em);
  await moveListings(em, listingIds, []);
}

/**
 * Replaces the places of these listings. A listing without a new place leaves its place; one that stays where it is changes
 * nothing. A place without listings is deleted: its name is what a host wrote.
 */
export async function moveListings(
  em: EntityManager,
  listingIds: readonly string[],
  placed: readonly { id: string; placeId: number | undefined; lat: number; lng: number }[],
): Promise<void> {
  const rows = sql`jsonb_to_recordset(${JSON.stringify(placed)}::jsonb)
    AS row (id uuid, "placeId" integer, lat double precision, lng double precision)`;
  const left = await em.execute<PlacedPoint[]>(sql`
    DELETE FROM place_listing l WHERE listing_id = ANY(ARRAY[${[...listingIds]}]::uuid[])
       AND NOT EXISTS (SELECT FROM ${rows}
         WHERE row.id = l.listing_id AND (row."placeId", row.lat, row.lng) = (l.place_id, l.lat, l.lng))
    RETURNING place_id AS "placeId", lat, lng`);
  const entered = await em.execute<PlacedPoint[]>(sql`
    INSERT INTO place_listing (listing_id, place_id, lat, lng)
    SELECT id, "placeId", lat, lng FROM ${rows} ON CONFLICT (listing_id) DO NOTHING
    RETURNING place_id AS "placeId", lat, lng`);
  const changes = [
    ...left.map(({ placeId, lat, lng }) => ({ placeId, count: -1, lat: -lat, lng: -lng })),
    ...entered.map((point) => ({ ...point, count: 1 })),
  ];
  if (changes.length === 0) return;
  await em.execute(sql`
    UPDATE place p SET
      listing_count = p.listing_count + d.count,
      lat_sum = p.lat_sum + d.lat,
      lng_sum = p.lng_sum + d.lng,
      south = (SELECT min(lat) FROM place_listing WHERE place_id = p.id),
      north = (SELECT max(lat) FROM place_listing WHERE place_id = p.id),
      west = (SELECT min(lng) FROM place_listing WHERE place_id = p.id),
      east = (SELECT max(lng) FROM place_listing WHERE place_id = p.id)
    FROM (
      SELECT "placeId", sum(count)::integer AS count, sum(lat) AS lat, sum(lng) AS lng
        FROM jsonb_to_recordset(${JSON.stringify(changes)}::jsonb)
          AS row ("placeId" integer, count integer, lat double precision, lng double precision)
       GROUP BY "placeId") d
    WHERE p.id = d."placeId"`);
  const placeIds = changes.map(({ placeId }) => placeId);
  await em.execute(
    sql`DELETE FROM place WHERE id = ANY(ARRAY[${placeIds}]::integer[]) AND listing_count = 0`,
  );
}

interface PlacedPoint {
  placeId: number;
  lat: number;
  lng: number;
}
