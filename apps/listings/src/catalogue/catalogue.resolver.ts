import { Query, Resolver } from '@roost/graphql';
import { OptionalUser } from '@roost/http';
import { CATALOGUES, Catalogues } from './catalogue.dto.js';

@Resolver()
export class CatalogueResolver {
  @Query(Catalogues, { description: 'Amenities and property types with their labels.' })
  @OptionalUser()
  catalogues(): Catalogues {
    return CATALOGUES;
  }
}
