import { Injectable } from '@nestjs/common';
import { overwriteStoredEvents, Transactions } from '@roost/messaging';
import { type AuthUser, Idempotency } from '@roost/http';
import { Problem } from '@roost/platform';
import type { ListingView } from '../listing/listing.dto.js';
import type { Listing } from '../listing/listing.entity.js';
import { ERASED_TEXTS } from '../listing/listing.events.js';
import { findOwnListing, ListingService } from '../listing/listing.service.js';
import { PhotoFilesService } from '../photo/photo-files.service.js';
import { deleteListing } from './draft.queries.js';

/** Deletes drafts, and copies listings to new drafts. */
@Injectable()
export class DraftService {
  constructor(
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly listings: ListingService,
    private readonly files: PhotoFilesService,
  ) {}

  /** Other services receive `listing.archived`, without texts: bookings of a draft do not exist. */
  async delete(host: AuthUser, id: string): Promise<void> {
    await this.transactions.run(async (em) => {
      const listing = await findOwnListing(em, host, id);
      if (listing.status !== 'draft') {
        throw new Problem('listing.wrong_state', 'Only a draft can be deleted. Archive the listing instead.');
      }
      if (listing.imported) {
        throw new Problem(
          'listing.wrong_state',
          'An imported listing can not be deleted: a later import would create it again. Archive it instead.',
        );
      }
      await this.files.deleteAll(listing.photos);
      await this.listings.erase(em, listing);
      await overwriteStoredEvents(em, 'listings.listing', [id], ERASED_TEXTS);
      await deleteListing(em, id);
    });
  }

  /** A new draft of the same host. A suspended listing must not return as a copy of itself. */
  copy(host: AuthUser, id: string): Promise<ListingView> {
    return this.idempotency.runOnce(async (em) => {
      const source = await findOwnListing(em, host, id);
      if (source.status === 'suspended') {
        throw new Problem('listing.wrong_state', 'A suspended listing can not be copied.');
      }
      return this.listings.insert(em, host, (draft) => Object.assign(draft, copiedFields(source)));
    });
  }
}

/** Not photos, the registration number and the history: they belong to one place. */
function copiedFields(source: Listing): Partial<Listing> {
  const { title, description, propertyType, roomType, houseRules, amenities } = source;
  const { address, lat, lng, publicLat, publicLng, timeZone, currency } = source;
  const { capacity, bedrooms, beds, bathrooms, maxPets } = source;
  const { bookingMode, cancellationPolicy, checkInFrom, checkOutUntil, pricing, stayRules } = source;
  return {
    ...{ title, description, propertyType, roomType, houseRules, amenities },
    ...{ address, lat, lng, publicLat, publicLng, timeZone, currency },
    ...{ capacity, bedrooms, beds, bathrooms, maxPets },
    ...{ bookingMode, cancellationPolicy, checkInFrom, checkOutUntil, pricing, stayRules },
  };
}
