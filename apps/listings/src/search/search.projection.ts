import type { EntityManager } from '@mikro-orm/postgresql';
import type { Listing } from '../listing/listing.entity.js';
import { cellOf } from './domain/area.js';
import { cityKey, leastNights, score } from './domain/search-row.js';

/** What is worked out here; the rest of a search row is read from the listing's own. */
interface SearchRow {
  id: string;
  cell_3: number;
  cell_6: number;
  cell_9: number;
  cell_12: number;
  city: string;
  score: number;
  price_minor: number;
  least_nights: number;
  most_nights: number;
}

export const indexListing = (em: EntityManager, listing: Listing): Promise<void> =>
  indexListings(em, [listing]);

/** Brings search rows up to what the rows of listings say: one for each published listing, none for the others. */
export async function indexListings(em: EntityManager, listings: readonly Listing[]): Promise<void> {
  const rows = listings.map(searchRow);
  const hidden = listings.filter((_, index) => rows[index] === null);
  if (hidden.length > 0) {
    const ids = `{${hidden.map(({ id }) => id).join(',')}}`;
    await em.execute(`DELETE FROM listing_search WHERE listing_id = ANY(?::uuid[])`, [ids]);
  }
  const shown = rows.filter((row) => row !== null);
  if (shown.length === 0) return;
  await em.execute(
    // The rating's row is written, not only read: a rating that comes at the same moment is then run again, and finds
    // the search row that it has to change.
    `WITH said AS MATERIALIZED (
       SELECT * FROM jsonb_to_recordset(?::jsonb) AS row (id uuid, cell_3 integer, cell_6 integer, cell_9 integer,
         cell_12 integer, city text, score integer, price_minor bigint, least_nights integer, most_nights integer)),
     rated AS (
       INSERT INTO listing_rating AS known (listing_id, version, rating_count, rating_sum)
       SELECT id, 0, 0, 0 FROM said ORDER BY id
       ON CONFLICT (listing_id) DO UPDATE SET version = known.version
       RETURNING listing_id, rating_count, rating_sum)
     INSERT INTO listing_search (key, listing_id, host_id, lat, lng, cell_3, cell_6, cell_9, cell_12, city,
            score, price_minor, currency, room_type, property_type, capacity, bedrooms, beds, bathrooms,
            instant_book, amenities, least_nights, most_nights, rating_count, rating_sum)
     SELECT l.key, l.id, l.host_id, l.public_lat, l.public_lng, s.cell_3, s.cell_6, s.cell_9, s.cell_12, s.city,
            s.score, s.price_minor, l.currency, l.room_type, l.property_type, l.capacity, l.bedrooms, l.beds, l.bathrooms,
            l.booking_mode = 'instant', l.amenities, s.least_nights, s.most_nights, r.rating_count, r.rating_sum
       FROM said s JOIN listing l ON l.id = s.id JOIN rated r ON r.listing_id = s.id
     ON CONFLICT (key) DO UPDATE SET
       lat = excluded.lat, lng = excluded.lng,
       cell_3 = excluded.cell_3, cell_6 = excluded.cell_6, cell_9 = excluded.cell_9, cell_12 = excluded.cell_12,
       city = excluded.city, score = excluded.score, price_minor = excluded.price_minor,
       currency = excluded.currency, room_type = excluded.room_type, property_type = excluded.property_type,
       capacity = excluded.capacity, bedrooms = excluded.bedrooms, beds = excluded.beds,
       bathrooms = excluded.bathrooms, instant_book = excluded.instant_book, amenities = excluded.amenities,
       least_nights = excluded.least_nights, most_nights = excluded.most_nights,
       rating_count = excluded.rating_count, rating_sum = excluded.rating_sum`,
    [JSON.stringify(shown)],
  );
}

/** Null: it is not for guests to see. */
function searchRow(listing: Listing): SearchRow | null {
  const { approximateLocation: place, address, pricing } = listing;
  if (listing.status !== 'published' || place === null || address === null || pricing === null) return null;
  return {
    id: listing.id,
    cell_3: cellOf(place, 3),
    cell_6: cellOf(place, 6),
    cell_9: cellOf(place, 9),
    cell_12: cellOf(place, 12),
    city: cityKey(address.city),
    score: score(listing),
    price_minor: pricing.basePriceMinor,
    least_nights: leastNights(listing.stayRules),
    most_nights: listing.stayRules.maxNights,
  };
}
