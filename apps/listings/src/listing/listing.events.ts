import type { EventBody } from '@roost/contracts';
import { photoUrl } from './listing-photo.dto.js';
import type { Listing } from './listing.entity.js';

export type ListingEvent =
  | 'listing.created'
  | 'listing.changed'
  | 'listing.published'
  | 'listing.paused'
  | 'listing.archived'
  | 'listing.suspended'
  | 'listing.reinstated';

/** The public snapshot of a listing. The body is the same for every event type. */
export function toListingEvent(listing: Listing, publicUrl: string): EventBody<ListingEvent> {
  const cover = listing.photos[0];
  return {
    listingId: listing.id,
    hostId: listing.hostId,
    status: listing.status,
    title: listing.title,
    city: listing.address?.city ?? null,
    countryCode: listing.address?.countryCode ?? null,
    timeZone: listing.timeZone,
    checkInFrom: listing.checkInFrom,
    checkOutUntil: listing.checkOutUntil,
    currency: listing.currency,
    bookingMode: listing.bookingMode,
    capacity: listing.capacity ?? 0,
    maxPets: listing.maxPets,
    pricing: listing.pricing,
    stayRules: listing.stayRules,
    cancellationPolicy: listing.cancellationPolicy,
    coverUrl: cover === undefined ? null : photoUrl(cover.id, publicUrl),
  };
}

/** What stored events of a listing have after its deletion or the erasure of its host. */
export const ERASED_TEXTS = { title: '', city: null, coverUrl: null, pricing: null } as const;
