import { CURRENCIES, isCurrency } from '@roost/money';
import {
  FilterText,
  hasVisibleText,
  Instant,
  INVISIBLE_TEXT,
  LINES_WITH_CR,
  ONE_LINE,
  PageQuery,
  Uuid,
} from '@roost/http';
import { isTimeZone } from '@roost/stay';
import { z } from 'zod';
import { RatingShape, toRating } from '../rating/rating.dto.js';
import { LISTING_STATUSES } from './domain/listing-state.js';
import { contactHint, HINT_CODES, improvements } from './domain/improvements.js';
import { missingToPublish } from './domain/publishing.js';
import { MAX_PARAGRAPHS, MAX_TITLE } from './listing-limits.js';
import { PhotoView, toPhotoView } from './listing-photo.dto.js';
import { BOOKING_MODES, CANCELLATION_POLICIES, ROOM_TYPES, type Listing } from './listing.entity.js';
import { textsWithContacts } from './public-texts.js';

const isBlankOrVisible = (text: string): boolean => text.trim() === '' || hasVisibleText(text);

/** A single line of text. */
const line = (max: number) =>
  z
    .string()
    .max(max, { error: `Must have at most ${max} characters` })
    .regex(ONE_LINE, { error: 'Must not contain control characters' })
    .refine(isBlankOrVisible, INVISIBLE_TEXT);

/** Text with line breaks and tabs. */
const paragraphs = (max: number) =>
  z
    .string()
    .max(max, { error: `Must have at most ${max} characters` })
    .regex(LINES_WITH_CR, { error: 'Must not contain control characters' })
    .refine(isBlankOrVisible, INVISIBLE_TEXT);

export const Slug = z.string().regex(/^[a-z0-9][a-z0-9_]{0,39}$/, {
  error: 'Must have at most 40 lower-case letters, digits and underscores',
});

const LocalTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'Must be a time of day, HH:MM' });

export const Currency = z
  .string()
  .refine((code) => isCurrency(code), { error: 'Must be an ISO 4217 currency code' })
  // A text in GraphQL: an enum would break the operations of clients.
  .meta({ enum: [...CURRENCIES] });

export const RoomTypeName = z.enum(ROOM_TYPES).meta({ id: 'RoomType' });
export const BookingModeName = z.enum(BOOKING_MODES).meta({ id: 'BookingMode' });
export const CancellationPolicyName = z.enum(CANCELLATION_POLICIES).meta({ id: 'CancellationPolicy' });
export const ListingStatusName = z.enum(LISTING_STATUSES).meta({ id: 'ListingStatus' });

export const PointShape = z
  .strictObject({ lat: z.number().min(-90).max(90), lng: z.number().min(-180).max(180) })
  .meta({ id: 'Point' });

export const AddressShape = z
  .strictObject({
    line1: line(200).default(''),
    city: line(100),
    region: line(100).default(''),
    postalCode: line(20).default(''),
    countryCode: z.string().regex(/^[A-Z]{2}$/, { error: 'Must be an ISO 3166 country code, such as US' }),
  })
  .meta({ id: 'Address' });

const fields = {
  title: line(MAX_TITLE),
  description: paragraphs(MAX_PARAGRAPHS),
  propertyType: Slug,
  roomType: RoomTypeName,
  address: AddressShape.nullable(),
  location: PointShape.nullable(),
  timeZone: z
    .string()
    .max(64)
    .refine((zone) => isTimeZone(zone), { error: 'Must be an IANA time zone, such as Europe/London' })
    .nullable(),
  currency: Currency.nullable(),
  capacity: z.int().min(1).max(100).nullable(),
  bedrooms: z.int().min(0).max(100).nullable(),
  beds: z.int().min(0).max(200).nullable(),
  bathrooms: z.number().min(0).max(100).multipleOf(0.5, { error: 'Must be a multiple of 0.5' }).nullable(),
  amenities: z
    .array(Slug)
    .max(100, { error: 'Must have at most 100 items' })
    .refine((slugs) => new Set(slugs).size === slugs.length, { error: 'Must not contain duplicates' })
    .meta({ uniqueItems: true }),
  houseRules: paragraphs(MAX_PARAGRAPHS),
  registrationNumber: line(100).nullable(),
  maxPets: z.int().min(0).max(20),
  bookingMode: BookingModeName,
  cancellationPolicy: CancellationPolicyName.nullable(),
  checkInFrom: LocalTime,
  checkOutUntil: LocalTime,
};

/** Every field of a draft is optional; `missing` lists the fields required for publishing. */
export const CreateListing = z.strictObject(fields).partial().meta({ id: 'CreateListing' });
export type CreateListing = z.output<typeof CreateListing>;

export const EditListing = z.strictObject(fields).partial().meta({ id: 'EditListing' });
export type EditListing = z.output<typeof EditListing>;

const UNKNOWN = 'Null if it is unknown: the listing matches no search that asks for a minimum.';

export const ListingHint = z
  .object({
    code: z.enum(HINT_CODES).meta({ id: 'ListingHintCode' }),
    pointer: z.string().meta({ description: 'A JSON pointer to the field.' }),
    detail: z.string(),
  })
  .meta({ id: 'ListingHint' });
type ListingHint = z.output<typeof ListingHint>;

export const ListingView = z
  .object({
    id: Uuid,
    hostId: Uuid,
    status: ListingStatusName,
    title: z.string(),
    description: z.string(),
    propertyType: z.string(),
    roomType: RoomTypeName,
    city: z.string().nullable(),
    region: z.string().nullable(),
    countryCode: z.string().nullable(),
    approximateLocation: PointShape.nullable().meta({
      description: 'A point up to 1 km from the exact location. It is the same in every response.',
    }),
    address: AddressShape.nullable().meta({
      description:
        'Visible to the host, to administrators and to guests with a confirmed booking; null for everyone else.',
    }),
    location: PointShape.nullable().meta({
      description: 'The exact location. Null for everyone who may not see the address.',
    }),
    timeZone: z.string().nullable(),
    currency: z.string().nullable(),
    nightlyMinor: z.int().nullable().meta({ description: 'The base price per night, in minor units.' }),
    capacity: z.int().nullable(),
    bedrooms: z.int().nullable().meta({ description: UNKNOWN }),
    beds: z.int().nullable().meta({ description: UNKNOWN }),
    bathrooms: z.number().nullable().meta({ description: UNKNOWN }),
    amenities: z.array(z.string()),
    houseRules: z.string(),
    registrationNumber: z.string().nullable(),
    maxPets: z.int(),
    bookingMode: BookingModeName,
    cancellationPolicy: CancellationPolicyName.nullable(),
    checkInFrom: z.string(),
    checkOutUntil: z.string(),
    rating: RatingShape.nullable(),
    photos: z.array(PhotoView),
    coverUrl: z.string().nullable(),
    missing: z.array(z.string()).optional().meta({
      description:
        'Returned to the host only: JSON pointers to the fields that are required for publishing and not set.',
    }),
    hints: z.array(ListingHint).optional().meta({
      description:
        'Returned to the host when one listing is read or changed: what would improve it. None of it is required.',
    }),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: 'Listing' });
export type ListingView = z.output<typeof ListingView>;

export const AdminListingsQuery = z.strictObject({
  ...PageQuery,
  id: Uuid.optional(),
  hostId: Uuid.optional(),
  status: ListingStatusName.optional(),
  q: FilterText(MAX_TITLE)
    .optional()
    .meta({ description: 'The beginning of the title; the case is ignored.' }),
  city: FilterText(100).optional().meta({ description: 'The city; the case is ignored.' }),
  createdFrom: Instant.optional().meta({ description: 'Created at or after this instant.' }),
  createdTo: Instant.optional().meta({ description: 'Created before this instant.' }),
});
export type AdminListingsQuery = z.output<typeof AdminListingsQuery>;

/**
 * Whom a representation is for. `host`: the host of the listing. `trusted`: an administrator or a guest with a confirmed
 * booking, who sees the exact address. `public`: everyone else, who sees the city and the displaced point.
 */
export type Audience = 'host' | 'trusted' | 'public';

export function toListingView(listing: Listing, audience: Audience, publicUrl: string): ListingView {
  const showsAddress = audience !== 'public';
  const photos = listing.photos.map((photo) => toPhotoView(photo, publicUrl));
  return {
    id: listing.id,
    hostId: listing.hostId,
    status: listing.status,
    title: listing.title,
    description: listing.description,
    propertyType: listing.propertyType,
    roomType: listing.roomType,
    city: listing.address?.city ?? null,
    region: listing.address?.region ?? null,
    countryCode: listing.address?.countryCode ?? null,
    approximateLocation: listing.approximateLocation,
    address: showsAddress ? listing.address : null,
    location: showsAddress ? listing.location : null,
    timeZone: listing.timeZone,
    currency: listing.currency,
    nightlyMinor: listing.pricing?.basePriceMinor ?? null,
    capacity: listing.capacity,
    bedrooms: listing.bedrooms,
    beds: listing.beds,
    bathrooms: listing.bathrooms,
    amenities: listing.amenities,
    houseRules: listing.houseRules,
    registrationNumber: listing.registrationNumber,
    maxPets: listing.maxPets,
    bookingMode: listing.bookingMode,
    cancellationPolicy: listing.cancellationPolicy,
    checkInFrom: listing.checkInFrom,
    checkOutUntil: listing.checkOutUntil,
    rating: listing.rating && toRating(listing.rating.count, listing.rating.sum),
    photos,
    coverUrl: photos[0]?.url ?? null,
    ...(audience === 'host' ? { missing: missingToPublish(listing) } : {}),
    createdAt: listing.createdAt.toISOString(),
    updatedAt: listing.updatedAt.toISOString(),
  };
}

/** Not for lists: it looks for contact data in all texts. Published ones that were not masked yet are with the next change. */
export const hintsFor = (listing: Listing): ListingHint[] => [
  ...textsWithContacts(listing).map(contactHint),
  ...improvements(listing),
];
