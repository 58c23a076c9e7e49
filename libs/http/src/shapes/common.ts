import { z } from 'zod';

/** The schemas of ids, dates and instants in requests and responses. */
/** In lower case after parsing: ids are compared as texts, too. */
export const Uuid = z.uuid({ error: 'Must be a UUID' }).toLowerCase();
export const IsoDate = z.iso.date({ error: 'Must be a real date, YYYY-MM-DD', abort: true });
export const Instant = z.iso.datetime({ error: 'Must be an instant in UTC, as 2027-05-01T13:00:00Z' });

/** The metadata of a number in a query string: the document describes the number, not its text. */
export const documentedNumber = (type: 'integer' | 'number', minimum: number, maximum: number) => ({
  type,
  minimum,
  maximum,
  pattern: undefined,
});

/** The text of a filter in a query string. */
export const FilterText = (max: number) =>
  z
    .string()
    .trim()
    .min(1, { error: 'Must not be empty' })
    .max(max, { error: `Must have at most ${max} characters` })
    .regex(/^[^\0]*$/, { error: 'Must not contain NUL' });

/** `?limit=&cursor=`: spread it into the query schema of a list, `z.strictObject({ ...PageQuery, state: … })`. */
export const PageQuery = {
  limit: z
    .string()
    .regex(/^\d{1,3}$/, { error: 'Must be a whole number from 1 to 100' })
    .pipe(
      z.coerce
        .number<string>()
        .int()
        .min(1, { error: 'Must be a whole number from 1 to 100' })
        .max(100, { error: 'Must be a whole number from 1 to 100' }),
    )
    .meta(documentedNumber('integer', 1, 100))
    .default(20),
  cursor: z.string().max(1000, { error: 'Must be a cursor that this list returned' }).optional(),
};

const pages = new WeakMap<z.ZodType, z.ZodType>();

/** The schema of one page of a list, named after its item. */
export function Page<S extends z.ZodType>(
  item: S,
): z.ZodObject<{ data: z.ZodArray<S>; nextCursor: z.ZodNullable<z.ZodString> }> {
  type PageOf = z.ZodObject<{ data: z.ZodArray<S>; nextCursor: z.ZodNullable<z.ZodString> }>;
  const existing = pages.get(item) as PageOf | undefined;
  if (existing) return existing;
  const id = z.globalRegistry.get(item)?.id;
  const shape = z.object({ data: z.array(item), nextCursor: z.string().nullable() });
  const page = id ? shape.meta({ id: `${id}Page` }) : shape;
  pages.set(item, page);
  return page;
}
