import { After, Arg, First, PageInfo, Query, Resolver } from '@roost/graphql';
import { type AuthUser, CurrentUser, invalid, IsoDate, OptionalUser, Uuid } from '@roost/http';
import { z } from 'zod';
import { ListingView, PointShape, RoomTypeName } from '../listing/listing.dto.js';
import { ListingQueries } from '../listing/listing.queries.js';
import { SearchHit, SearchQuery } from './search.dto.js';
import { SearchService } from './search.service.js';

const Sort = z
  .enum(['relevance', 'price', 'price_descending', 'rating', 'distance'])
  .meta({ id: 'ListingSort' });

/** The parameters of the search in types; what they may be is said once, by `SearchQuery`. */
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
    minPriceMinor: z.int().optional().meta({ description: 'Of the base price of a night' }),
    maxPriceMinor: z.int().optional(),
    currency: z.string().optional(),
    roomType: RoomTypeName.optional(),
    propertyType: z.string().optional(),
    amenities: z.array(z.string()).optional().meta({ description: 'All of them' }),
    minBedrooms: z.int().optional(),
    minBeds: z.int().optional(),
    minBathrooms: z.number().optional(),
    minRating: z.number().optional(),
    instantBook: z.boolean().optional(),
    hostId: Uuid.optional(),
    q: z.string().optional().meta({ description: 'Words of title and description' }),
    sort: Sort.optional(),
  })
  .meta({ id: 'ListingFilter' });
type ListingFilter = z.output<typeof ListingFilter>;

const ListingSearch = z
  .object({
    edges: z.array(
      z
        .object({ node: ListingView, stay: SearchHit.shape.stay })
        .meta({ id: 'ListingSearchEdge', description: 'A listing that was found' }),
    ),
    pageInfo: PageInfo,
  })
  .meta({ id: 'ListingSearch' });
type ListingSearch = z.output<typeof ListingSearch>;

@Resolver()
export class SearchResolver {
  constructor(
    private readonly search: SearchService,
    private readonly queries: ListingQueries,
  ) {}

  @Query(ListingSearch, { description: 'Published listings, as `GET /v1/listings/search` finds them' })
  @OptionalUser()
  async listings(
    @CurrentUser() viewer: AuthUser | null,
    @Arg('filter', ListingFilter.optional()) filter: ListingFilter | undefined,
    @Arg('first', First) limit: number,
    @Arg('after', After) cursor: string | undefined,
  ): Promise<ListingSearch> {
    const query = SearchQuery.safeParse(asParameters(filter ?? {}, limit, cursor));
    if (!query.success) throw invalid(query.error.issues, 'query');
    const { data, nextCursor } = await this.search.search(query.data);
    const listings = await this.queries.readAll(
      data.map(({ id }) => id),
      viewer,
    );
    const byId = new Map(listings.map((listing) => [listing.id, listing]));
    return {
      // One that has been taken off since the index was written is left out.
      edges: data.flatMap(({ id, stay }) => {
        const node = byId.get(id);
        return node ? [{ node, stay }] : [];
      }),
      pageInfo: { hasNextPage: nextCursor !== null, endCursor: nextCursor },
    };
  }
}

function asParameters(
  filter: ListingFilter,
  limit: number,
  cursor: string | undefined,
): Record<string, string> {
  const { bbox, near, amenities, minPriceMinor, maxPriceMinor, sort, ...others } = filter;
  const parameters = {
    ...others,
    bbox: bbox && `${bbox.west},${bbox.south},${bbox.east},${bbox.north}`,
    near: near && `${near.lat},${near.lng}`,
    amenities: amenities?.join(','),
    minPrice: minPriceMinor,
    maxPrice: maxPriceMinor,
    sort: sort === 'price_descending' ? '-price' : sort,
    limit,
    cursor,
  };
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  );
}
