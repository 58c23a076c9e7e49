export type PictureView = 'outside' | Room;

export type Room = 'living' | 'bedroom' | 'kitchen';

export interface DemoTax {
  name: string;
  kind: 'percent' | 'per_night' | 'per_guest' | 'per_guest_night';
  bps?: number;
  amountMinor?: number;
  exemptAboveNights?: number;
  exemptUnderAge?: number;
}

export interface DemoCity {
  city: 'Lisbon' | 'Montréal' | 'Kyoto';
  region: string;
  countryCode: string;
  timeZone: string;
  currency: string;
  /** The account that hosts every place of the city. */
  host: 'host1' | 'host2' | 'host3';
  checkInFrom: string;
  checkOutUntil: string;
  taxes: readonly DemoTax[];
  places: readonly DemoPlace[];
}

export interface DemoPlace {
  title: string;
  description: string;
  propertyType: string;
  roomType?: 'entire_home' | 'private_room' | 'shared_room' | 'hotel_room';
  street: string;
  postalCode: string;
  at: readonly [lat: number, lng: number];
  size: readonly [guests: number, bedrooms: number, beds: number, bathrooms: number];
  amenities: string;
  /** In minor units. */
  price: readonly [night: number, weekendNight: number, cleaning: number];
  /** Basis points off the price of a week and of a month. */
  discounts?: readonly [weekly: number, monthly: number];
  earlyBird?: { days: number; bps: number };
  lastMinute?: { days: number; bps: number };
  extraGuest?: { above: number; perNightMinor: number };
  request?: true;
  policy: 'flexible' | 'moderate' | 'limited' | 'firm' | 'strict';
  minNights?: number;
  preparationNights?: number;
  maxPets?: number;
  houseRules?: string;
  registrationNumber?: string;
  /** Titles of the rooms of this house that are listings of their own. */
  rooms?: readonly string[];
  /** The views of its pictures after the first one, which shows the street. */
  pictures?: readonly Room[];
}
