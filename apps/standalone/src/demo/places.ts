import type { Room } from './pictures/inside.js';
import { kyoto } from './places/kyoto.js';
import { lisbon } from './places/lisbon.js';
import { montreal } from './places/montreal.js';

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
  /** Who offers all of it. */
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
  /** Guests, bedrooms, beds, bathrooms. */
  size: readonly [number, number, number, number];
  amenities: string;
  /** A night, a night at the weekend, cleaning; in minor units. */
  price: readonly [number, number, number];
  /** Basis points off for a week and for a month. */
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
  /** Titles of the rooms of this house, which are let on their own, too. */
  rooms?: readonly string[];
  /** What its pictures show after the first, which is the street. */
  pictures?: readonly Room[];
}

export const CITIES: readonly DemoCity[] = [lisbon, montreal, kyoto];
