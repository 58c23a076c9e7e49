import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { LOGGER, SweepEvery } from '@roost/platform';
import type { Logger } from 'pino';
import { cityKey } from '../search-index/domain/search-row.js';
import { namesOf } from './city-names.js';
import type { Place } from './place.dto.js';
import {
  claimChanges,
  deferChange,
  dueChanges,
  findPlaces,
  insertPlace,
  knownPlaces,
  moveListings,
  type PlacedListing,
  placedListings,
} from './place.queries.js';

const BATCH_SIZE = 500;
/** Bounds the duration of one sweep. */
const MAX_BATCHES = 20;

const placeKey = ({ countryCode, city }: { countryCode: string; city: string }) => `${countryCode} ${city}`;

@Injectable()
export class PlaceService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The cities with a name that begins with `text`, the city with the most listings first. */
  async find(text: string, limit: number): Promise<Place[]> {
    const prefix = cityKey(text);
    return prefix === '' ? [] : findPlaces(this.em.fork(), prefix, limit);
  }

  /** Updates the places of changed listings. Only the change of a count is written, so a large city costs no more than a small one. */
  @SweepEvery(5, 'place.update')
  async sweep(): Promise<void> {
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const ids = await dueChanges(this.em.fork(), BATCH_SIZE);
      if (ids.length === 0) return;
      await this.apply(ids);
    }
  }

  private async apply(ids: readonly string[]): Promise<void> {
    try {
      await this.update(ids);
    } catch (error) {
      this.logger.warn({ err: error }, 'places not updated in a batch; each change is applied on its own');
      for (const id of ids) await this.applyOne(id);
    }
  }

  /** A failure does not block the batch; the change is retried later. */
  private async applyOne(id: string): Promise<void> {
    try {
      await this.update([id]);
    } catch (error) {
      this.logger.error({ changeId: id, err: error }, 'place not updated; the sweeper will retry');
      await deferChange(this.em.fork(), id);
    }
  }

  private update(changeIds: readonly string[]): Promise<void> {
    return this.transactions.run(async (em) => {
      const listingIds = await claimChanges(em, changeIds);
      if (listingIds.length === 0) return;
      const listings = (await placedListings(em, listingIds)).map((listing) => ({
        ...listing,
        city: cityKey(listing.name),
      }));
      const ids = await this.placeIds(em, listings);
      const placed = listings.map(({ id, lat, lng, ...place }) => {
        const placeId = ids.get(placeKey(place));
        return { id, lat, lng, placeId };
      });
      await moveListings(em, listingIds, placed);
    });
  }

  private async placeIds(
    em: EntityManager,
    listings: readonly (PlacedListing & { city: string })[],
  ): Promise<Map<string, number>> {
    const places = new Map(listings.map((listing) => [placeKey(listing), listing]));
    const known = await knownPlaces(em, [...places.values()]);
    const ids = new Map(known.map((place) => [placeKey(place), place.id]));
    for (const [key, { countryCode, city, name }] of places) {
      if (ids.has(key)) continue;
      const names = await namesOf(countryCode, city);
      ids.set(key, await insertPlace(em, { countryCode, city, name }, names));
    }
    return ids;
  }
}
