import { After, Arg, First, PageInfo, Query, Resolver } from '@roost/graphql';
import { type AuthUser, CurrentUser, invalidRequest, IsoDate, OptionalUser, Uuid } from '@roost/http';
import { z } from 'zod';
import { ListingReaderService } from '../listing/listing-reader.service.js';
import { ListingView, PointShape, RoomTypeName } from '../listing/listing.dto.js';
import { ListingFacets, toListingFacets } from './facets.dto.js';
import { SearchHit, SearchQuery } from './search.dto.js';
import { SearchService } from './search.service.js';

const Sort = z
  .enum(['relevance', 'price', 'price_descending', 'rating', 'distance'])
  .meta({ id: 'ListingSort' });

/** The typed form of the search parameters. `SearchQuery` validates their values. */
const ListingFilter = z
  .strictObject({
    bbox: z
      .strictObject({ west: z.number(), south: z.number(), east: z.number(), north: z.number() })
      .meta({ id: 'BoundingBox' })
      .optional(),
    near: PointShape.optional(),
    radiusKm: z.number().optional(),
    city: z.string().optional(),
    checkIn: IsoDate.optional(),
    checkOut: IsoDate.optional(),
    guests: z.int().optional(),
    children: z
      .array(z.strictObject({ age: z.int() }).meta({ id: 'ChildFilter' }))
      .optional()
      .meta({ description: 'The children among the guests.' }),
    minPriceMinor: z
      .int()
      .optional()
      .meta({ description: 'The minimum base price per night, in minor units.' }),
    maxPriceMinor: z.int().optional(),
    currency: z.string().optional(),
    roomType: RoomTypeName.optional(),
    propertyType: z.string().optional(),
    amenities: z
      .array(z.string())
      .optional()
      .meta({ description: 'Only listings with all of these amenities are returned.' }),
    minBedrooms: z.int().optional(),
    minBeds: z.int().optional(),
    minBathrooms: z.number().optional(),
    minRating: z.number().optional(),
    instantBook: z.boolean().optional(),
    hostId: Uuid.optional(),
    ids: z.array(Uuid).optional(),
    q: z.string().optional().meta({ description: 'Full-text search in title, city and description.' }),
    sort: Sort.optional(),
  })
  .meta({ id: 'ListingFilter' });
type ListingFilter = z.output<typeof ListingFilter>;

const ListingSearch = z
  .object({
    edges: z.array(
      z
        .object({ node: ListingView, stay: SearchHit.shape.stay })
        .meta({ id: 'ListingSearchEdge', description: 'A search result.' }),
    ),
    pageInfo: PageInfo,
  })
  .meta({ id: 'ListingSearch' });
type ListingSearch = z.output<typeof ListingSearch>;

@Resolver()
export class SearchResolver {
  constructor(
    private readonly searchService: SearchService,
    private readonly reader: ListingReaderService,
  ) {}

  @Query(ListingSearch, { description: 'Searches published listings like `GET /v1/listings/search`.' })
  @OptionalUser()
  async listings(
    @CurrentUser() viewer: AuthUser | null,
    @Arg('filter', ListingFilter.optional()) filter: ListingFilter | undefined,
    @Arg('first', First) limit: number,
    @Arg('after', After) cursor: string | undefined,
  ): Promise<ListingSearch> {
    const query = parseQuery({ ...toQueryParameters(filter ?? {}), limit, cursor });
    const { data, nextCursor } = await this.searchService.search(query);
    this.searchService.count(query, data.length);
    const listings = await this.reader.findVisible(
      data.map(({ id }) => id),
      viewer,
    );
    const byId = new Map(listings.map((listing) => [listing.id, listing]));
    return {
      // Omits listings that are no longer visible: the index and the listing are read one after the other.
      edges: data.flatMap(({ id, stay }) => {
        const node = byId.get(id);
        return node ? [{ node, stay }] : [];
      }),
      pageInfo: { hasNextPage: nextCursor !== null, endCursor: nextCursor },
    };
  }

  @Query(ListingFacets, {
    description: 'The counts of a search, like `facets` of `GET /v1/listings/search`.',
  })
  @OptionalUser()
  async listingFacets(@Arg('filter', ListingFilter) filter: ListingFilter): Promise<ListingFacets> {
    const query = parseQuery({ ...toQueryParameters(filter), facets: true });
    return toListingFacets(await this.searchService.facets(query));
  }
}

function parseQuery(parameters: Record<string, string | number | boolean | undefined>): SearchQuery {
  const texts = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const query = SearchQuery.safeParse(Object.fromEntries(texts));
  if (!query.success) throw invalidRequest(query.error.issues, 'query');
  return query.data;
}

function toQueryParameters(filter: ListingFilter) {
  const { bbox, near, amenities, ids, children, minPriceMinor, maxPriceMinor, sort, ...others } = filter;
  return {
    ...others,
    bbox: bbox && `${bbox.west},${bbox.south},${bbox.east},${bbox.north}`,
    near: near && `${near.lat},${near.lng}`,
    amenities: amenities?.join(','),
    ids: ids?.join(','),
    children: children?.length ? children.map(({ age }) => age).join(',') : undefined,
    minPrice: minPriceMinor,
    maxPrice: maxPriceMinor,
    sort: sort === 'price_descending' ? '-price' : sort,
  };
}
