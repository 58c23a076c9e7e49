import { z } from 'zod';

const Count = z.int().min(0);

const PriceBucket = z.object({ fromMinor: z.int(), toMinor: z.int(), count: Count }).meta({
  id: 'PriceBucket',
  description: 'Both prices are included, as in `minPrice` and `maxPrice`.',
});

const currency = z.string().nullable().meta({
  description: 'Of the prices in `priceHistogram`: `currency` of the search or the most frequent one.',
});
const priceHistogram = z
  .array(PriceBucket)
  .meta({ description: 'Base prices per night, in at most 20 buckets.' });
const approximate = z.boolean().meta({
  description:
    'True if there are more than 10,000 hits, of which 10,000 are counted, and with dates: listings whose stay rules reject the stay are counted.',
});

export const SearchFacets = z
  .object({
    roomType: z.record(z.string(), Count),
    amenities: z.record(z.string(), Count).meta({ description: 'The 100 most frequent amenities.' }),
    currency,
    priceHistogram,
    approximate,
  })
  .meta({ id: 'SearchFacets' });
export type SearchFacets = z.output<typeof SearchFacets>;

const FacetCount = z.object({ name: z.string(), count: Count }).meta({ id: 'FacetCount' });

/** The form in GraphQL, which has no maps. */
export const ListingFacets = z
  .object({
    roomTypes: z.array(FacetCount),
    amenities: z.array(FacetCount),
    currency,
    priceHistogram,
    approximate,
  })
  .meta({ id: 'ListingFacets' });
export type ListingFacets = z.output<typeof ListingFacets>;

export function toListingFacets({ roomType, amenities, ...others }: SearchFacets): ListingFacets {
  return { roomTypes: toCounts(roomType), amenities: toCounts(amenities), ...others };
}

const toCounts = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([name, count]) => ({ name, count }))
    .toSorted((a, b) => b.count - a.count || a.name.localeCompare(b.name, 'en'));
