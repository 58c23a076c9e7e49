import type { EntityManager } from '@mikro-orm/postgresql';
import type { Listing } from '../listing/listing.entity.js';
import { cellOf } from './domain/area.js';
import { cityKey, leastNights, score } from './domain/search-row.js';

/** Brings the search row up to what the listing's row says: one for each published listing, none for the others. */
export async function indexListing(em: EntityManager, listing: Listing): Promise<void> {
  const { approximateLocation: place, address, pricing } = listing;
  if (listing.status !== 'published' || place === null || address === null || pricing === null) {
    await em.execute(`DELETE FROM listing_search WHERE listing_id = ?`, [listing.id]);
    return;
  }
  await em.execute(
    // The rating's row is written, not only read: a rating that comes at the same moment is then run again, and finds
    // the search row that it has to change.
    `WITH rated AS (
       INSERT INTO listing_rating AS known (listing_id, version, rating_count, rating_sum) VALUES (?, 0, 0, 0)
       ON CONFLICT (listing_id) DO UPDATE SET version = known.version
       RETURNING rating_count, rating_sum)
     INSERT INTO listing_search (key, listing_id, host_id, lat, lng, cell_3, cell_6, cell_9, cell_12, city,
            score, price_minor, currency, room_type, property_type, capacity, bedrooms, beds, bathrooms,
            instant_book, amenities, least_nights, most_nights, rating_count, rating_sum)
     SELECT key, id, host_id, public_lat, public_lng, ?, ?, ?, ?, ?,
            ?, ?, currency, room_type, property_type, capacity, bedrooms, beds, bathrooms,
            booking_mode = 'instant', amenities, ?, ?, rated.rating_count, rated.rating_sum
       FROM listing CROSS JOIN rated WHERE id = ?
     ON CONFLICT (key) DO UPDATE SET
       lat = excluded.lat, lng = excluded.lng,
       cell_3 = excluded.cell_3, cell_6 = excluded.cell_6, cell_9 = excluded.cell_9, cell_12 = excluded.cell_12,
       city = excluded.city, score = excluded.score, price_minor = excluded.price_minor,
       currency = excluded.currency, room_type = excluded.room_type, property_type = excluded.property_type,
       capacity = excluded.capacity, bedrooms = excluded.bedrooms, beds = excluded.beds,
       bathrooms = excluded.bathrooms, instant_book = excluded.instant_book, amenities = excluded.amenities,
       least_nights = excluded.least_nights, most_nights = excluded.most_nights,
       rating_count = excluded.rating_count, rating_sum = excluded.rating_sum`,
    [
      listing.id,
      cellOf(place, 3),
      cellOf(place, 6),
      cellOf(place, 9),
      cellOf(place, 12),
      cityKey(address.city),
      score(listing),
      pricing.basePriceMinor,
      leastNights(listing.stayRules),
      listing.stayRules.maxNights,
      listing.id,
    ],
  );
}
