import type { TestClient } from './client.js';

const PRICING = {
  basePriceMinor: 10_000,
  weekendPriceMinor: null,
  weekendDays: ['fri', 'sat'],
  overrides: [],
  discounts: {
    weeklyBps: 0,
    monthlyBps: 0,
    earlyBird: { days: 60, bps: 0 },
    lastMinute: { days: 7, bps: 0 },
  },
  cleaningFeeMinor: 0,
  extraGuest: { above: 2, perNightMinor: 0 },
  minNightMinor: null,
  taxes: [],
};

/** A flat in Gent, with a price and a photo. */
export async function aPublishedListing(host: TestClient): Promise<string> {
  const made = await host.post<{ id: string }>('/v1/listings', {
    title: 'A flat at the end of the line',
    description: 'Quiet, at the end of the line.',
    propertyType: 'apartment',
    roomType: 'entire_home',
    address: { line1: 'Teststraat 1', city: 'Gent', region: '', postalCode: '9000', countryCode: 'BE' },
    location: { lat: 51.05, lng: 3.72 },
    timeZone: 'Europe/Brussels',
    currency: 'EUR',
    capacity: 2,
    bedrooms: 1,
    beds: 1,
    bathrooms: 1,
    amenities: [],
    bookingMode: 'instant',
    cancellationPolicy: 'flexible',
    checkInFrom: '15:00',
    checkOutUntil: '11:00',
  });
  const { id } = made.body;
  expect(await host.put(`/v1/listings/${id}/pricing`, PRICING)).toMatchObject({ status: 200 });
  // Only for the specs that publish: it takes a while to load.
  const { default: sharp } = await import('sharp');
  const photo = await sharp({ create: { width: 640, height: 480, channels: 3, background: '#2e5e4e' } })
    .jpeg()
    .toBuffer();
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(photo)], { type: 'image/jpeg' }), 'a.jpg');
  await host.post(`/v1/listings/${id}/photos`, form);
  const published = await host.post(`/v1/listings/${id}/publish`);
  expect(published).toMatchObject({ status: 200 });
  return id;
}
