import sharp from 'sharp';
import type { TourState } from './tour-state.js';

export const GUESTS = { adults: 2, children: [{ age: 7 }], infants: 0, pets: 0 };

export function listingInput(tour: TourState, bookingMode: 'instant' | 'request'): Record<string, unknown> {
  return {
    title: bookingMode === 'instant' ? 'White house by the harbour' : 'Attic room, ask first',
    description: 'Two bright rooms, a kitchen that is used, and the boats below the window.',
    propertyType: 'house',
    roomType: bookingMode === 'instant' ? 'entire_home' : 'private_room',
    address: {
      line1: 'Rua do Cais 7',
      city: tour.city,
      region: 'Setúbal',
      postalCode: '2900-001',
      countryCode: 'PT',
    },
    location: { lat: 38.5244, lng: -8.8882 },
    timeZone: tour.timeZone,
    currency: 'EUR',
    capacity: 4,
    bedrooms: 2,
    beds: 3,
    bathrooms: 1.5,
    amenities: ['wifi', 'kitchen'],
    houseRules: 'No shoes upstairs.',
    maxPets: 1,
    bookingMode,
    cancellationPolicy: 'moderate',
    checkInFrom: '15:00',
    checkOutUntil: '11:00',
  };
}

export const PRICING = {
  basePriceMinor: 12000,
  weekendPriceMinor: 15000,
  weekendDays: ['fri', 'sat'],
  overrides: [],
  discounts: {
    weeklyBps: 1000,
    monthlyBps: 2000,
    earlyBird: { days: 60, bps: 0 },
    lastMinute: { days: 7, bps: 0 },
  },
  cleaningFeeMinor: 4000,
  extraGuest: { above: 2, perNightMinor: 1500 },
  minNightMinor: null,
  taxes: [
    {
      name: 'City tax',
      kind: 'per_guest_night',
      bps: 0,
      amountMinor: 200,
      exemptAboveNights: 7,
      exemptUnderAge: 13,
    },
  ],
};

export const STAY_RULES = {
  minNights: 2,
  maxNights: 60,
  minNightsByWeekday: {},
  minNightsOverrides: [],
  advanceNoticeDays: 0,
  sameDayCutOff: '18:00',
  preparationNights: 0,
  bookingWindowMonths: 12,
  checkInWeekdays: null,
  checkOutWeekdays: null,
};

/** A generated photo: a harbour at dusk. */
export async function samplePhoto(): Promise<Blob> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="800">
    <defs><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#27426b"/><stop offset="1" stop-color="#f2b47a"/></linearGradient></defs>
    <rect width="1200" height="520" fill="url(#s)"/><rect y="520" width="1200" height="280" fill="#1d3a54"/>
    <rect x="320" y="300" width="360" height="240" fill="#f7f3ea"/><polygon points="300,300 500,180 700,300" fill="#b4492f"/>
    <rect x="470" y="420" width="70" height="120" fill="#6b4a2f"/><circle cx="930" cy="430" r="60" fill="#ffd89b"/></svg>`;
  const jpeg = await sharp(Buffer.from(svg)).jpeg().toBuffer();
  return new Blob([new Uint8Array(jpeg)], { type: 'image/jpeg' });
}
