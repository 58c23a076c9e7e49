import type { Guests } from '@roost/pricing';

export type Side = 'guest' | 'host';

type NoFacts = Record<never, never>;

/** The facts of each notification that the booking does not carry. */
export interface NotificationFacts {
  'booking-requested': { respondBy: string };
  'booking-confirmed': NoFacts;
  'booking-declined': NoFacts;
  /** `late`: a payment arrived after the hold had expired, and the dates were no longer available. */
  'booking-expired': { cause: 'hold' | 'host' | 'check-in' | 'capture'; late: boolean };
  'booking-cancelled': {
    by: 'guest' | 'host' | 'admin';
    wasConfirmed: boolean;
    refundMinor: number;
    hostPenaltyMinor: number;
  };
  /** For the side that has to respond. */
  'booking-change-proposed': {
    checkInDate: string;
    checkOutDate: string;
    guests: Guests;
    differenceMinor: number;
    closesAt: string;
  };
  'booking-change-to-pay': { differenceMinor: number; closesAt: string };
  'booking-changed': { differenceMinor: number };
  /**
   * `repeated`: the guest's bank had returned it. `paidOutOfBand`: the platform pays it without the provider. Notifications of
   * an older version lack them.
   */
  'payment-refunded': {
    amountMinor: number;
    reason: 'booking-ended' | 'booking-changed' | 'admin';
    repeated?: boolean;
    paidOutOfBand?: boolean;
  };
  /** For the host: the payouts of the booking are on hold. */
  'payment-disputed': NoFacts;
  'dispute-closed': { outcome: 'won' | 'lost' };
  'payment-failed': { purpose: 'booking' | 'change'; amountMinor: number; currency: string };
  'check-in-reminder': NoFacts;
  'review-reminder': { closesAt: string };
  'review-published': NoFacts;
  /** Notifications of an older version lack `threadId`. */
  'message-received': { listingId: string; senderId: string; threadId?: string };
  'feed-problem-found': { listingId: string; feedId: string; problem: string };
  /** `bookings`: their number. */
  'payout-paid': { amountMinor: number; currency: string; bookings: number };
  'payout-failed': { amountMinor: number; currency: string; bookings: number; code: string };
  'payout-account-changed': { currency: string; provider: string; usableAt: string };
}

export type Template = keyof NotificationFacts;
/** The templates about payouts, which concern several bookings or none. */
export type PayoutTemplate = Extract<Template, `payout-${string}`>;
/** The templates about a booking. A message can precede the booking; a feed belongs to a listing. */
export type BookingTemplate = Exclude<Template, 'message-received' | 'feed-problem-found' | PayoutTemplate>;

/** Templates that users can turn off. The others concern money or dates. */
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

/** A booking as its latest event describes it. */
export interface BookingMirror {
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

/** The host is notified of a booking when it is requested or confirmed, and of its end only after that. */
export const hostWasNotified = (previousState: BookingState | null): boolean =>
  previousState !== 'pending_payment' && previousState !== 'expired';

/** A booking without an earlier event here counts as confirmed: its refund is reported as the event states it. */
export const wasConfirmed = (previousState: BookingState | null): boolean =>
  previousState === null || previousState === 'confirmed' || previousState === 'in_stay';
