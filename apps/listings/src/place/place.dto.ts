import { documentedNumber, ONE_LINE } from '@roost/http';
import { z } from 'zod';
import { PointShape } from '../listing/listing.dto.js';

const MAX_PLACES = 20;
const DEFAULT_PLACES = 10;
const MAX_TEXT = 100;

const Text = z.string().trim().min(1).max(MAX_TEXT).regex(ONE_LINE);

export const PlacesQuery = z.strictObject({
  q: Text.meta({ description: 'The beginning of the name of a city, in any language.' }),
  limit: z
    .string()
    .regex(/^([1-9]|1\d|20)$/, { error: `Must be a whole number from 1 to ${MAX_PLACES}` })
    .transform(Number)
    .meta(documentedNumber('integer', 1, MAX_PLACES))
    .default(DEFAULT_PLACES),
});
export type PlacesQuery = z.output<typeof PlacesQuery>;

export const PlaceText = Text;
export const PlaceCount = z.int().min(1).max(MAX_PLACES).default(DEFAULT_PLACES);

export const Place = z
  .object({
    name: z.string().meta({ description: 'Pass it as `city` to the search.' }),
    countryCode: z.string(),
    listings: z.int().meta({ description: 'The number of published listings. Updated within seconds.' }),
    center: PointShape,
    bbox: z
      .object({ west: z.number(), south: z.number(), east: z.number(), north: z.number() })
      .meta({ id: 'PlaceBox', description: 'Contains the approximate locations of all listings.' }),
  })
  .meta({ id: 'Place', description: 'A city with published listings.' });
export type Place = z.output<typeof Place>;

export const Places = z
  .object({ data: z.array(Place) })
  .meta({ id: 'Places', description: 'The place with the most listings first. Not paged.' });
export type Places = z.output<typeof Places>;
