import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Problem } from '@roost/platform';
import type { PriceRules } from '@roost/pricing';
import { setTimeout as delay } from 'node:timers/promises';
import {
  findListings,
  findListingsOfHost,
  listCalendarsOfHost,
  type ListingSnapshot,
} from './listing-snapshot.queries.js';

export type { ListingSnapshot } from './listing-snapshot.queries.js';

/** A listing with everything that publishing requires. */
export interface BookableListing extends ListingSnapshot {
  timeZone: string;
  currency: string;
  pricing: PriceRules;
  cancellationPolicy: NonNullable<ListingSnapshot['cancellationPolicy']>;
}

/** A listing with what its calendar shows. A draft may have it too. */
export type ListingWithCalendar = ListingSnapshot &
  Pick<BookableListing, 'pricing' | 'currency' | 'timeZone'>;

export function hasCalendar(listing: ListingSnapshot): listing is ListingWithCalendar {
  return listing.pricing !== null && listing.currency !== null && listing.timeZone !== null;
}

const MAX_WAIT_MS = 2000;
const MAX_PAUSE_MS = 300;

/** Reads the local copy of listings. */
@Injectable()
export class ListingSnapshotService {
  constructor(private readonly em: EntityManager) {}

  /** Waits at most 2 s for a missing or draft listing: its event may arrive shortly after its publishing. */
  async awaitBookable(listingId: string): Promise<BookableListing> {
    const deadline = performance.now() + MAX_WAIT_MS;
    for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 1.5, MAX_PAUSE_MS)) {
      const listing = await this.find(listingId);
      if (listing && isBookable(listing)) return listing;
      const mayStillArrive = !listing || listing.status === 'draft';
      if (!mayStillArrive || performance.now() >= deadline) throw new Problem('listing.not_found');
      await delay(pauseMs);
    }
  }

  /** Without waiting, for requests without a token. */
  async findBookable(listingId: string): Promise<BookableListing> {
    const listing = await this.find(listingId);
    if (!listing || !isBookable(listing)) throw new Problem('listing.not_found');
    return listing;
  }

  async find(listingId: string, em: EntityManager = this.em.fork()): Promise<ListingSnapshot | null> {
    const [listing] = await this.findMany([listingId], em);
    return listing ?? null;
  }

  /** The listings that exist among these, in no order. */
  async findMany(
    listingIds: readonly string[],
    em: EntityManager = this.em.fork(),
  ): Promise<ListingSnapshot[]> {
    return await findListings(em, listingIds);
  }

  /** The listing for its host. For other users 403 if it is published, and 404 if it is not. */
  async findOwn(listingId: string, hostId: string, em?: EntityManager): Promise<ListingSnapshot> {
    const listing = await this.find(listingId, em);
    if (!listing) throw new Problem('listing.not_found');
    if (listing.hostId !== hostId) {
      throw new Problem(listing.status === 'published' ? 'listing.forbidden' : 'listing.not_found');
    }
    return listing;
  }

  async findOwnMany(
    listingIds: readonly string[],
    hostId: string,
    em: EntityManager,
  ): Promise<ListingSnapshot[]> {
    return await findListingsOfHost(em, listingIds, hostId);
  }

  /** Up to `limit` listings of a host that have a calendar, after the listing `after`. */
  async listWithCalendar(
    em: EntityManager,
    hostId: string,
    after: string | null,
    limit: number,
  ): Promise<ListingWithCalendar[]> {
    return (await listCalendarsOfHost(em, hostId, after, limit)).filter(hasCalendar);
  }
}

function isBookable(listing: ListingSnapshot): listing is BookableListing {
  return listing.status === 'published' && isPriced(listing);
}

/** A paused listing takes no new guests, but existing bookings may still be changed. */
export function acceptsChanges(listing: ListingSnapshot): listing is BookableListing {
  return ['published', 'paused'].includes(listing.status) && isPriced(listing);
}

function isPriced(listing: ListingSnapshot): listing is BookableListing {
  return (
    listing.timeZone !== null &&
    listing.currency !== null &&
    listing.pricing !== null &&
    listing.cancellationPolicy !== null
  );
}
