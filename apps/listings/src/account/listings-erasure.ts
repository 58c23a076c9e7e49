import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Erasure, isErasedAccount } from '@roost/accounts';
import { overwriteStoredEvents } from '@roost/messaging';
import { deleteGuestBookings } from '../booking/booking.queries.js';
import { eraseHostName } from '../host/host-name.queries.js';
import { Listing } from '../listing/listing.entity.js';
import { ERASED_TEXTS } from '../listing/listing.events.js';
import { ListingService } from '../listing/listing.service.js';
import { PhotoFilesService } from '../photo/photo-files.service.js';
import { removeFromPlaces } from '../place/place.queries.js';
import { deleteWishlists } from '../wishlist/wishlist.queries.js';

/**
 * Archives the listings of erased hosts without their texts, addresses and photos, and deletes wishlists. Bookings refer to
 * the listings.
 */
@Injectable()
export class ListingsErasure extends Erasure {
  constructor(
    private readonly listings: ListingService,
    private readonly files: PhotoFilesService,
  ) {
    super();
  }

  async erase(em: EntityManager, userId: string): Promise<boolean> {
    await deleteWishlists(em, userId);
    await deleteGuestBookings(em, userId);
    await eraseHostName(em, userId);
    const listings = await em.find(Listing, { hostId: userId });
    for (const listing of listings) {
      await this.files.deleteAll(listing.photos);
      await this.listings.erase(em, listing);
    }
    const ids = listings.map(({ id }) => id);
    await removeFromPlaces(em, ids);
    await overwriteStoredEvents(em, 'listings.listing', ids, ERASED_TEXTS);
    return isErasedAccount(em, userId);
  }
}
