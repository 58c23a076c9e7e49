import { sql } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type ExportSection, PersonalData } from '@roost/accounts';

@Injectable()
export class ListingsPersonalData extends PersonalData {
  sections(userId: string): ExportSection[] {
    return [
      {
        name: 'listings',
        rows: sql`SELECT id, status, title, description, property_type AS "propertyType", room_type AS "roomType", address,
          lat, lng, time_zone AS "timeZone", currency, capacity, bedrooms, beds, bathrooms, amenities,
          house_rules AS "houseRules", registration_number AS "registrationNumber", max_pets AS "maxPets",
          booking_mode AS "bookingMode", cancellation_policy AS "cancellationPolicy", check_in_from AS "checkInFrom",
          check_out_until AS "checkOutUntil", pricing, stay_rules AS "stayRules", photos, published_at AS "publishedAt",
          created_at AS "createdAt", updated_at AS "updatedAt" FROM listing WHERE host_id = ${userId} ORDER BY id`,
      },
      {
        name: 'listingChanges',
        rows: sql`SELECT c.listing_id AS "listingId", c.version, c.action, c.fields, c.at
          FROM listing_change c JOIN listing l ON l.id = c.listing_id
          WHERE l.host_id = ${userId} AND c.actor_id = ${userId} ORDER BY c.listing_id, c.version`,
      },
      {
        name: 'wishlists',
        rows: sql`SELECT id, name, created_at AS "createdAt" FROM wishlist WHERE user_id = ${userId} ORDER BY id`,
      },
      {
        name: 'wishlistListings',
        rows: sql`SELECT wishlist_id AS "wishlistId", listing_id AS "listingId", added_at AS "addedAt"
          FROM wishlist_listing JOIN wishlist w ON w.id = wishlist_id WHERE w.user_id = ${userId}
          ORDER BY wishlist_id, listing_id`,
      },
    ];
  }
}
