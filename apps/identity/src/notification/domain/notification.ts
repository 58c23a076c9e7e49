import type { Guests } from '@roost/pricing';

export type Side = 'guest' | 'host';

type Nothing = Record<never, never>;

/** Every mail about a stay, and what it tells beside the stay itself. */
export interface Facts {
  'booking-requested': { respondBy: string };
  'booking-confirmed': Nothing;
  'booking-declined': Nothing;
  /** `late`: a payment came after the hold had run out, and the dates were gone. */
  'booking-expired': { cause: 'hold' | 'host' | 'check-in' | 'capture'; late: boolean };
  'booking-cancelled': {
    by: 'guest' | 'host' | 'admin';
    wasConfirmed: boolean;
    refundMinor: number;
    hostPenaltyMinor: number;
  };
  /** To the side that has to answer. */
  'booking-change-proposed': {
    checkInDate: string;
    checkOutDate: string;
    guests: Guests;
    differenceMinor: number;
    closesAt: string;
  };
  'booking-change-to-pay': { differenceMinor: number; closesAt: string };
  'booking-changed': { differenceMinor: number };
  'payment-failed': { purpose: 'booking' | 'change'; amountMinor: number; currency: string };
  'check-in-reminder': Nothing;
  'review-reminder': { closesAt: string };
  'review-published': Nothing;
  'message-received': { listingId: string; senderId: string };
}

export type Template = keyof Facts;
/** All but that about a message, which may be about no stay yet. */
export type StayTemplate = Exclude<Template, 'message-received'>;

/** What a reader can do without; everything else is about their money or their dates. */
export const OPTIONAL_TEMPLATES = [
  'check-in-reminder',
  'review-reminder',
  'review-published',
  'message-received',
] as const;
export type OptionalTemplate = (typeof OPTIONAL_TEMPLATES)[number];

export type BookingState =
  | 'pending_payment'
  | 'awaiting_host'
  | 'awaiting_capture'
  | 'confirmed'
  | 'in_stay'
  | 'completed'
  | 'cancelled'
  | 'declined'
  | 'expired';

export interface Stay {
  bookingId: string;
  listingId: string;
  hostId: string;
  guestId: string;
  state: BookingState;
  checkInDate: string;
  checkOutDate: string;
  timeZone: string;
  checkInAt: Date;
  checkOutAt: Date;
  guests: Guests;
  currency: string;
  totalMinor: number;
  hostPayoutMinor: number;
}

/** A host hears of a booking when it asks for an answer or is confirmed, so of its end only after that. */
export const hostKnows = (before: BookingState | null): boolean =>
  before !== 'pending_payment' && before !== 'expired';

/** Unknown is what was booked before this service listened: then the refund is told as it came. */
export const wasConfirmed = (before: BookingState | null): boolean =>
  before === null || before === 'confirmed' || before === 'in_stay';
