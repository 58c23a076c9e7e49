import { PriceRules, StayRules } from '@roost/pricing';
import { z } from 'zod';
import { Currency, Id, topic } from './define.js';

export const CancellationPolicy = z.enum(['flexible', 'moderate', 'limited', 'firm', 'strict']);

/** The nullable fields are required for publishing but may be null in a draft; only `coverUrl` may be null in a published listing. Taxes are part of `pricing`. */
export const listingEvents = topic(
  { topic: 'listings.listing', kind: 'state', key: 'listingId' },
  {
    listingId: Id,
    hostId: Id,
    status: z.enum(['draft', 'published', 'paused', 'archived', 'suspended']),
    title: z.string(),
    city: z.string().nullable(),
    countryCode: z.string().nullable(),
    timeZone: z.string().nullable(),
    checkInFrom: z.string(),
    checkOutUntil: z.string(),
    currency: Currency.nullable(),
    bookingMode: z.enum(['instant', 'request']),
    capacity: z.int().min(0),
    maxPets: z.int().min(0),
    pricing: PriceRules.nullable(),
    stayRules: StayRules,
    cancellationPolicy: CancellationPolicy.nullable(),
    coverUrl: z.string().nullable(),
  },
  {
    'listing.created': {},
    'listing.changed': {},
    'listing.published': {},
    'listing.paused': {},
    'listing.archived': {},
    'listing.suspended': {},
    'listing.reinstated': {},
  },
);
