import { localDate } from '@roost/stay';
import { type TestService, type TestUser, testUser, startTestService } from '@roost/testing';
import sharp from 'sharp';
import { listings } from '../src/service.js';

export function startListings(env: Record<string, string> = {}): Promise<TestService> {
  return startTestService(listings, { env });
}

/** Moves the clock to noon of today in New York (13:00 in summer): no day ends while a spec runs. Returns the date. */
export async function beginAtNoon(service: TestService): Promise<string> {
  const today = localDate(new Date(), 'America/New_York');
  await service.clock.set(`${today}T17:00:00Z`);
  return today;
}

export const aHost = () => testUser({ roles: ['guest', 'host'] });
export const aGuest = () => testUser();
export const anAdmin = () => testUser({ roles: ['guest', 'admin'] });

/** The request body of a host for a whole home. */
export function listingInput(other: Record<string, unknown> = {}) {
  return {
    title: 'A loft over the river',
    description: 'Quiet, bright, and close to the market.',
    propertyType: 'apartment',
    roomType: 'entire_home',
    address: {
      line1: '12 Willett Street',
      city: 'Albany',
      region: 'NY',
      postalCode: '12210',
      countryCode: 'US',
    },
    location: { lat: 42.6526, lng: -73.7562 },
    timeZone: 'America/New_York',
    currency: 'USD',
    capacity: 4,
    bedrooms: 2,
    beds: 2,
    bathrooms: 1.5,
    amenities: ['wifi', 'kitchen'],
    houseRules: 'No parties.',
    registrationNumber: null,
    maxPets: 0,
    bookingMode: 'instant',
    cancellationPolicy: 'flexible',
    checkInFrom: '15:00',
    checkOutUntil: '11:00',
    ...other,
  };
}

export const pricingInput = (other: Record<string, unknown> = {}) => ({
  basePriceMinor: 12_000,
  cleaningFeeMinor: 4_000,
  ...other,
});

export interface CreatedListing {
  id: string;
  photoId: string;
}

interface ListingRules {
  pricing?: Record<string, unknown>;
  stayRules?: Record<string, unknown>;
}

export async function createDraft(
  service: TestService,
  host: TestUser,
  other: Record<string, unknown> = {},
): Promise<string> {
  const created = await service.as(host).post<{ id: string }>('/v1/listings', listingInput(other));
  expect(created.status).toBe(201);
  return created.body.id;
}

/** A draft with every field that publishing requires. */
export async function createCompleteDraft(
  service: TestService,
  host: TestUser,
  other: Record<string, unknown> = {},
  { pricing, stayRules }: ListingRules = {},
): Promise<CreatedListing> {
  const id = await createDraft(service, host, other);
  const prices = await service.as(host).put(`/v1/listings/${id}/pricing`, pricingInput(pricing));
  expect(prices.status).toBe(200);
  if (stayRules !== undefined) {
    const rules = await service.as(host).put(`/v1/listings/${id}/stay-rules`, stayRules);
    expect(rules.status).toBe(200);
  }
  const photo = await upload(service, host, id, await testImage());
  expect(photo.status).toBe(201);
  return { id, photoId: photo.body.id };
}

export async function createPublished(
  service: TestService,
  host: TestUser,
  other: Record<string, unknown> = {},
  rules: ListingRules = {},
): Promise<CreatedListing> {
  const listing = await createCompleteDraft(service, host, other, rules);
  const published = await service.as(host).post(`/v1/listings/${listing.id}/publish`);
  expect(published.status).toBe(200);
  return listing;
}

type Colour = { r: number; g: number; b: number };

export function testImage(
  width = 64,
  height = 48,
  format: 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' = 'jpeg',
  background: Colour = { r: 180, g: 90, b: 60 },
): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background } })
    .toFormat(format)
    .toBuffer();
}

export interface PhotoBody {
  id: string;
  url: string;
  width: number;
  height: number;
}

interface UploadInput {
  bytes: Buffer;
  type?: string;
  name?: string;
  field?: string;
  headers?: Record<string, string>;
}

export function upload(service: TestService, user: TestUser, listingId: string, file: Buffer | UploadInput) {
  const input: UploadInput = Buffer.isBuffer(file) ? { bytes: file } : file;
  const { bytes, type = 'image/jpeg', name = 'photo.jpg', field = 'file', headers = {} } = input;
  const form = new FormData();
  form.set(field, new Blob([new Uint8Array(bytes)], { type }), name);
  return service.as(user).post<PhotoBody>(`/v1/listings/${listingId}/photos`, form, headers);
}
