import { addDays, localDate } from '@roost/stay';
import { Client } from './client.js';

export interface Tokens {
  accessToken: string;
  refreshToken: string;
}

export interface Listing {
  id: string;
  status: string;
  /** Null for users who may not see it. */
  address: { line1: string } | null;
}

export interface Quote {
  id: string;
  nights: number;
  currency: string;
  lines: { kind: string; amountMinor: number }[];
  totalMinor: number;
  host: { feeMinor: number; payoutMinor: number };
  refundSchedule: { until: string; refundMinor: number }[];
}

export interface Booking {
  id: string;
  state: string;
  totalMinor: number;
  holdExpiresAt: string | null;
  checkOutDate: string;
  checkOutAt: string;
  history: { event: string }[];
}

export interface Payment {
  id: string;
  status: string;
  amountMinor: number;
}

/** The data that the steps of one run share. Names are unique per run, so that a tour can be repeated. */
export class TourState {
  readonly run = Date.now().toString(36);
  /** The mail server of a Roost that sends its mails; null: they are in the inbox of development. */
  mailbox: Client | null = null;
  host!: Client;
  guest!: Client;
  rival!: Client;
  admin!: Client;
  instant!: Listing;
  onRequest!: Listing;
  quote!: Quote;
  booking!: Booking;
  payment!: Payment;
  /** Differs from the zone of most machines, so that dates must be those of the listing. */
  readonly timeZone = 'Europe/Lisbon';
  readonly city = `Vila Roost ${this.run}`;

  /** The date `days` after today in the time zone of the listing. */
  date(days: number): string {
    return addDays(localDate(new Date(), this.timeZone), days);
  }

  mail(who: string): string {
    return `${who}-${this.run}@tour.roost.example`;
  }
}

/** The state of this run. */
export const tour = new TourState();
