import { addDays } from '@roost/stay';
import type { TestService, TestUser } from '@roost/testing';
import { z } from 'zod';
import type { SearchFacets } from '../src/search/facets.dto.js';
import { SearchHit } from '../src/search/search.dto.js';
import {
  aHost,
  beginAtNoon,
  createCompleteDraft,
  createPublished,
  startListings,
} from './listings.fixture.js';

export interface SearchHitBody {
  id: string;
  title: string;
  city: string;
  approximateLocation: { lat: number; lng: number };
  coverUrl: string;
  photoUrls: string[];
  roomType: string;
  capacity: number;
  bedrooms: number | null;
  beds: number | null;
  nightlyMinor: number;
  currency: string;
  stay: { nights: number; totalMinor: number } | null;
  rating: unknown;
  instantBook: boolean;
  hostName: string | null;
}
export interface SearchPageBody {
  data: SearchHitBody[];
  nextCursor: string | null;
  facets: SearchFacets | null;
}

export const titlesOf = (hits: SearchHitBody[]) => hits.map(({ title }) => title);
export const atPoint = (lat: number, lng: number) => ({ location: { lat, lng } });
export const inCity = (city: string, countryCode: string) => ({
  address: { line1: '1 Main Street', city, region: '', postalCode: '', countryCode },
});

/** A service with published listings of one host, which specs identify by their titles. */
export class Catalog {
  readonly host: TestUser = aHost();

  constructor(
    readonly service: TestService,
    /** The date in New York. */
    readonly today: string,
  ) {}

  async search(query: string): Promise<SearchPageBody> {
    const { status, body } = await this.service.anonymous.get<SearchPageBody>(
      `/v1/listings/search?limit=100&${query}`,
    );
    expect({ status, body: status === 200 ? null : body }).toEqual({ status: 200, body: null });
    expect(z.array(SearchHit).parse(body.data)).toEqual(body.data);
    return body;
  }

  /** The titles of all hits, sorted. */
  async titles(query: string): Promise<string[]> {
    return titlesOf((await this.search(query)).data).sort();
  }

  /** The date `offset` days after today. */
  day(offset: number): string {
    return addDays(this.today, offset);
  }

  async publish(
    title: string,
    content: Record<string, unknown>,
    pricing: Record<string, unknown> = {},
    stayRules?: Record<string, unknown>,
  ): Promise<string> {
    const rules = { pricing, ...(stayRules === undefined ? {} : { stayRules }) };
    return (await createPublished(this.service, this.host, { title, ...content }, rules)).id;
  }
}

export async function createCatalog(): Promise<Catalog> {
  const service = await startListings();
  const catalog = new Catalog(service, await beginAtNoon(service));
  await catalog.publish('loft', {
    ...atPoint(42.65, -73.75),
    capacity: 4,
    amenities: ['wifi', 'kitchen', 'pool'],
  });
  await catalog.publish(
    'room',
    {
      ...atPoint(42.66, -73.76),
      roomType: 'private_room',
      propertyType: 'house',
      capacity: 1,
      bedrooms: 1,
      beds: 1,
      bathrooms: 1,
      amenities: ['wifi'],
      bookingMode: 'request',
    },
    { basePriceMinor: 4_000 },
  );
  await catalog.publish(
    'house',
    {
      ...atPoint(42.75, -73.9),
      ...inCity('Schenectady', 'US'),
      capacity: 12,
      bedrooms: 6,
      beds: 9,
      bathrooms: 3.5,
      amenities: ['wifi', 'pool'],
      description: 'A Victorian with a turret and a garden of old roses.',
    },
    { basePriceMinor: 45_000 },
    { minNights: 3, checkInWeekdays: ['fri'] },
  );
  await catalog.publish(
    'fiji east',
    { ...atPoint(-17.8, 179.9), ...inCity('Taveuni', 'FJ'), timeZone: 'Pacific/Fiji', currency: 'FJD' },
    { basePriceMinor: 20_000 },
  );
  await catalog.publish(
    'fiji west',
    { ...atPoint(-17.8, -179.9), ...inCity('Taveuni', 'FJ'), timeZone: 'Pacific/Fiji', currency: 'FJD' },
    { basePriceMinor: 22_000 },
  );
  await catalog.publish(
    'zürich',
    { ...atPoint(47.37, 8.54), ...inCity('Zürich', 'CH'), timeZone: 'Europe/Zurich', currency: 'CHF' },
    { basePriceMinor: 19_000 },
  );
  await createCompleteDraft(catalog.service, aHost(), { title: 'a draft', ...atPoint(42.65, -73.75) });
  return catalog;
}
