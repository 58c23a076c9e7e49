import { Arg, Query, Resolver } from '@roost/graphql';
import { OptionalUser, Uuid } from '@roost/http';
import { z } from 'zod';
import { ListingView } from '../listing/listing.dto.js';
import { SimilarCount } from './similar.dto.js';
import { SimilarService } from './similar.service.js';

@Resolver()
export class SimilarResolver {
  constructor(private readonly similar: SimilarService) {}

  @Query(z.array(ListingView), {
    description:
      'Published listings around a listing with a similar price and capacity, the most similar first.',
  })
  @OptionalUser()
  similarListings(
    @Arg('id', Uuid) id: string,
    @Arg('first', SimilarCount) first: number,
  ): Promise<ListingView[]> {
    return this.similar.find(id, first);
  }
}
