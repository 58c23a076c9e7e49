import { z } from 'zod';
import { AMENITIES, AMENITY_GROUPS } from './domain/amenities.js';
import type { CatalogueItem } from './domain/catalogue-item.js';
import { PROPERTY_TYPES } from './domain/property-types.js';

const shape = {
  code: z.string().meta({ description: 'The value in listings and searches. Never changes.' }),
  labels: z.object({ en: z.string(), fr: z.string() }).meta({ id: 'CatalogueLabels' }),
  aliases: z.array(z.string()).meta({
    description:
      'An imported text that contains one of these phrases gets this code; the longest phrase applies.',
  }),
};

export const PropertyTypeItem = z.object(shape).meta({ id: 'CatalogueItem' });

export const AmenityItem = z
  .object({ ...shape, group: z.enum(AMENITY_GROUPS).meta({ id: 'AmenityGroup' }) })
  .meta({ id: 'AmenityItem' });

export const Catalogues = z
  .object({
    amenities: z.array(AmenityItem),
    propertyTypes: z.array(PropertyTypeItem),
  })
  .meta({
    id: 'Catalogues',
    description: 'In the order of a form. Listings may have values that are not in a catalogue.',
  });
export type Catalogues = z.output<typeof Catalogues>;

const toItem = ({ code, labels, aliases }: CatalogueItem) => ({ code, labels, aliases: [...aliases] });

export const CATALOGUES: Catalogues = {
  amenities: AMENITY_GROUPS.flatMap((group) => AMENITIES[group].map((one) => ({ ...toItem(one), group }))),
  propertyTypes: PROPERTY_TYPES.map(toItem),
};
