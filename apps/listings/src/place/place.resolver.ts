import { Arg, Query, Resolver } from '@roost/graphql';
import { OptionalUser } from '@roost/http';
import { z } from 'zod';
import { Place, PlaceCount, PlaceText } from './place.dto.js';
import { PlaceService } from './place.service.js';

@Resolver()
export class PlaceResolver {
  constructor(private readonly service: PlaceService) {}

  @Query(z.array(Place), {
    description: 'Cities with published listings whose name in any language begins with `q`.',
  })
  @OptionalUser()
  places(@Arg('q', PlaceText) q: string, @Arg('first', PlaceCount) first: number): Promise<Place[]> {
    return this.service.find(q, first);
  }
}
