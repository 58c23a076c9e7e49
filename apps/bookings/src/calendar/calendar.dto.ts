import { Page, PageQuery, PlainText, Uuid } from '@roost/http';
import { addMonths, compareDates, isRealDate } from '@roost/stay';
import { z } from 'zod';
import { StayDate } from '../terms/stay.dto.js';

interface DateInput {
  from: string;
  to: string;
}
export const isOrdered = (range: DateInput) => compareDates(range.from, range.to) < 0;
export const MUST_BE_AFTER_FROM = { path: ['to'], error: 'Must be after from' };
/** Passes dates that do not exist: other rules reject these. */
export const endsWithinMonths = (months: number) => (range: DateInput) => {
  if (!isRealDate(range.from) || range.from > '9900') return range.from < '9900';
  return compareDates(range.to, addMonths(range.from, months)) <= 0;
};

export const CalendarRange = z
  .strictObject({ from: StayDate, to: StayDate })
  .refine(isOrdered, MUST_BE_AFTER_FROM)
  .refine(endsWithinMonths(24), { path: ['to'], error: 'Must be at most 24 months after from' })
  .meta({ id: 'CalendarRange' });
export type CalendarRange = z.output<typeof CalendarRange>;

export const CalendarDay = z
  .object({
    date: StayDate,
    available: z.boolean(),
    minNights: z.int(),
    priceMinor: z.int(),
    reason: z
      .enum(['booking', 'hold', 'preparation', 'block', 'import', 'linked', 'past', 'window'])
      .nullable()
      .optional()
      .meta({ description: 'Why the night is not available. Visible to the host only.' }),
    bookingId: Uuid.nullable().optional(),
    blockId: Uuid.nullable().optional(),
  })
  .meta({ id: 'CalendarDay' });
export type CalendarDay = z.output<typeof CalendarDay>;

export const Calendar = z
  .object({ currency: z.string(), data: z.array(CalendarDay) })
  .meta({ id: 'Calendar' });
export type Calendar = z.output<typeof Calendar>;

/** For all calendars of one response: 20 listings for the longest range, or a page of 100 for five months. */
export const MAX_NIGHTS = 15_000;

export const ListOwnCalendars = z
  .strictObject({ from: StayDate, to: StayDate, ...PageQuery })
  .refine(isOrdered, MUST_BE_AFTER_FROM)
  .refine(endsWithinMonths(24), { path: ['to'], error: 'Must be at most 24 months after from' })
  .meta({ id: 'ListOwnCalendars' });
export type ListOwnCalendars = z.output<typeof ListOwnCalendars>;

export const ListingCalendar = z
  .object({ listingId: Uuid, currency: z.string(), data: z.array(CalendarDay) })
  .meta({ id: 'ListingCalendar' });
export type ListingCalendar = z.output<typeof ListingCalendar>;
export const ListingCalendars = Page(ListingCalendar);

export const CreateBlock = z
  .strictObject({ from: StayDate, to: StayDate, note: PlainText(500).default('') })
  .refine(isOrdered, MUST_BE_AFTER_FROM)
  .refine(endsWithinMonths(60), { path: ['to'], error: 'Must be at most 5 years after from' })
  .meta({ id: 'CreateBlock' });
export type CreateBlock = z.output<typeof CreateBlock>;

export const Block = z
  .object({ id: Uuid, from: StayDate, to: StayDate, note: z.string() })
  .meta({ id: 'Block', description: 'Nights that the host has blocked' });
export type Block = z.output<typeof Block>;

export const ListBlocks = z
  .strictObject({
    ...PageQuery,
    from: StayDate.optional().meta({ description: 'Only blocks with a night on or after this date.' }),
  })
  .meta({ id: 'ListBlocks' });
export type ListBlocks = z.output<typeof ListBlocks>;
export const Blocks = Page(Block);

export const LinkListings = z
  .strictObject({ listingIds: z.array(Uuid).max(50).meta({ uniqueItems: true }) })
  .refine((links) => new Set(links.listingIds).size === links.listingIds.length, {
    path: ['listingIds'],
    error: 'Must not contain a listing twice',
  })
  .meta({ id: 'LinkListings', description: 'The rooms of this house.' });
export type LinkListings = z.output<typeof LinkListings>;

export const Links = z.object({ listingIds: z.array(Uuid) }).meta({ id: 'Links' });
export type Links = z.output<typeof Links>;
