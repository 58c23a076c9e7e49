import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { decodeCursor, encodeCursor, type PageOf } from '@roost/http';
import { chargeBounds, roundDownToStep } from '@roost/money';
import { Clock, CONFIG, type Config, invalidParameter, Metrics } from '@roost/platform';
import { checkStay, type Guests, priceStay } from '@roost/pricing';
import { localDate, nightCount } from '@roost/stay';
import type { Counter } from 'prom-client';
import { z } from 'zod';
import type { ListingsConfig } from '../config.js';
import { photoUrl } from '../listing/listing-photo.dto.js';
import { toRating } from '../rating/rating.dto.js';
import { priceHistogram } from './domain/price-histogram.js';
import type { SearchFacets } from './facets.dto.js';
import { countFacets, MAX_COUNTED } from './facets.queries.js';
import { guestsOf, type SearchHit, type SearchQuery } from './search.dto.js';
import { type Candidate, orderOf, type Position, scan } from './search.queries.js';

/** The time zone in which a day ends last: a date that is past there is past everywhere. */
const LAST_ZONE = 'Etc/GMT+12';
/** After this many candidates a page is returned with fewer hits than requested, and a cursor. */
const MAX_CANDIDATES = 2000;

const key = z.int().min(0);
/** Orders with an index have integer values. */
const Cursor = z.discriminatedUnion('by', [
  z.strictObject({ by: z.enum(['score', 'rating']), value: z.int32(), key }),
  z.strictObject({ by: z.enum(['price', '-price']), value: z.int(), key }),
  z.strictObject({ by: z.enum(['rank', 'distance']), value: z.number(), key }),
]);

interface RequestedStay {
  checkInDate: string;
  checkOutDate: string;
  nights: number;
  guests: Guests;
}

@Injectable()
export class SearchService {
  readonly #searches: Counter<'dates' | 'result'>;

  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof ListingsConfig>,
    metrics: Metrics,
  ) {
    this.#searches = metrics.counter(
      'roost_searches_total',
      'First pages of searches, with or without dates, by result: found or empty',
      ['dates', 'result'],
    );
  }

  async search(query: SearchQuery): Promise<PageOf<SearchHit>> {
    const now = this.clock.now();
    const stay = requestedStay(query, now);
    const by = orderOf(query);
    let after = positionOf(query);
    const em = this.em.fork();
    const found: Candidate[] = [];
    // Without dates no candidate is excluded afterwards, so one scan fills the page.
    let batch = stay === null ? query.limit + 1 : Math.ceil(1.5 * query.limit) + 1;
    for (let scanned = 0; ; batch = Math.max(2 * query.limit, 50)) {
      const candidates = await scan(em, { query, nights: stay?.nights ?? null, after, limit: batch });
      for (const candidate of candidates) {
        if (stay === null || isBookable(stay, candidate, now)) found.push(candidate);
      }
      scanned += candidates.length;
      after = candidates.at(-1) ?? after;
      const exhausted = candidates.length < batch;
      if (!exhausted && found.length <= query.limit && scanned < MAX_CANDIDATES) continue;
      const hits = found.slice(0, query.limit);
      const last = found.length > query.limit ? hits.at(-1) : exhausted ? undefined : (after ?? undefined);
      return {
        data: hits.map((candidate) => this.hit(candidate, stay, now)),
        nextCursor: last === undefined ? null : encodeCursor({ by, value: last.value, key: last.key }),
      };
    }
  }

  async facets(query: SearchQuery): Promise<SearchFacets> {
    const stay = requestedStay(query, this.clock.now());
    const { hits, prices, ...counts } = await countFacets(this.em.fork(), query, stay?.nights ?? null);
    const approximate = hits > MAX_COUNTED || stay !== null;
    return { ...counts, priceHistogram: priceHistogram(prices), approximate };
  }

  /** Counts a response to a search. */
  count({ cursor, checkIn }: SearchQuery, hits: number): void {
    if (cursor !== undefined) return;
    const dates = checkIn === undefined ? 'without' : 'with';
    this.#searches.inc({ dates, result: hits === 0 ? 'empty' : 'found' });
  }

  private hit(candidate: Candidate, stay: RequestedStay | null, now: Date): SearchHit {
    const photoUrls = candidate.photoIds.map((id) => photoUrl(id, this.config.PUBLIC_URL));
    return {
      id: candidate.id,
      title: candidate.title,
      city: candidate.city,
      approximateLocation: { lat: candidate.lat, lng: candidate.lng },
      coverUrl: photoUrls[0] ?? null,
      photoUrls,
      roomType: candidate.roomType,
      capacity: candidate.capacity,
      bedrooms: candidate.bedrooms,
      beds: candidate.beds,
      nightlyMinor: candidate.nightlyMinor,
      currency: candidate.currency,
      stay: stay === null ? null : { nights: stay.nights, totalMinor: this.totalMinor(stay, candidate, now) },
      rating: toRating(candidate.ratingCount, candidate.ratingSum),
      instantBook: candidate.instantBook,
      hostName: candidate.hostName,
    };
  }

  /** Has the same fees and rounding as quotes, so that a hit and its quote have equal totals. */
  private totalMinor(stay: RequestedStay, listing: Candidate, now: Date): number {
    if (listing.pricing === null) throw new TypeError('a stay is priced by the rules of the listing');
    const { totalMinor } = priceStay({
      rules: listing.pricing,
      checkInDate: stay.checkInDate,
      checkOutDate: stay.checkOutDate,
      guests: stay.guests,
      timeZone: listing.timeZone,
      now,
      fees: { guestFeeBps: this.config.GUEST_FEE_BPS, hostFeeBps: this.config.HOST_FEE_BPS },
    });
    return roundDownToStep(totalMinor, chargeBounds(listing.currency).stepMinor);
  }
}

function requestedStay(query: SearchQuery, now: Date): RequestedStay | null {
  const { checkIn, checkOut } = query;
  if (checkIn === undefined || checkOut === undefined) return null;
  if (checkIn < localDate(now, LAST_ZONE)) throw invalidParameter('checkIn', 'Must not be in the past');
  return {
    checkInDate: checkIn,
    checkOutDate: checkOut,
    nights: nightCount(checkIn, checkOut),
    guests: guestsOf(query),
  };
}

function positionOf(query: SearchQuery): Position | null {
  const cursor = decodeCursor(query.cursor, Cursor);
  if (cursor === null) return null;
  if (cursor.by !== orderOf(query)) {
    throw invalidParameter('cursor', 'Belongs to a search with another sort order');
  }
  return { value: cursor.value, key: cursor.key };
}

function isBookable(stay: RequestedStay, listing: Candidate, now: Date): boolean {
  const { stayRules } = listing;
  return (
    stayRules !== null &&
    checkStay({
      rules: stayRules,
      capacity: listing.capacity,
      maxPets: listing.maxPets,
      checkInDate: stay.checkInDate,
      checkOutDate: stay.checkOutDate,
      guests: stay.guests,
      timeZone: listing.timeZone,
      now,
    }) === null
  );
}
