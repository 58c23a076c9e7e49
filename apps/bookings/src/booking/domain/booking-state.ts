/** The life of a booking (DOMAIN.md §3) as data. Nothing else decides which state follows which. */

export const BOOKING_STATES = [
  'pending_payment',
  'awaiting_host',
  'awaiting_capture',
  'confirmed',
  'in_stay',
  'completed',
  'cancelled',
  'declined',
  'expired',
] as const;
export type BookingState = (typeof BOOKING_STATES)[number];

/** What a booking begins with. */
export const FIRST_STATE: BookingState = 'pending_payment';

/** The ends. Out of `expired` alone there is a way, for a payment that lands late. */
export const TERMINAL_STATES = [
  'completed',
  'cancelled',
  'declined',
  'expired',
] as const satisfies BookingState[];

export const BOOKING_EVENTS = [
  'payment_authorized',
  'payment_captured',
  /** For good: the provider will not be asked again. */
  'capture_failed',
  'hold_ran_out',
  'host_accepted',
  'host_declined',
  /** The host let the time to answer pass. */
  'response_overdue',
  'check_in_reached',
  'check_out_reached',
  'guest_cancelled',
  'host_cancelled',
  'admin_cancelled',
] as const;
export type BookingEvent = (typeof BOOKING_EVENTS)[number];

export type BookingMode = 'instant' | 'request';

/** Why a booking expired; the `cause` of `booking.expired`. */
export type ExpiryCause = 'hold' | 'host' | 'check-in' | 'capture';

/** What the guards look at. */
export interface BookingFacts {
  bookingMode: BookingMode;
  /** Of a booking that is `expired`. */
  expiryCause?: ExpiryCause | null;
  /** Of a late payment: could the booking's nights be held again right now? Nights that are past are not free. */
  datesFree?: boolean;
}

export const GUARDS = {
  instant_book: (facts: BookingFacts): boolean => facts.bookingMode === 'instant',
  request_to_book: (facts: BookingFacts): boolean => facts.bookingMode === 'request',
  expired_by_hold: (facts: BookingFacts): boolean => facts.expiryCause === 'hold',
  dates_free: (facts: BookingFacts): boolean => facts.datesFree === true,
} as const;
export type Guard = keyof typeof GUARDS;

/**
 * What becomes of the guest's money: nothing · all of it is voided or refunded · the refund that
 * cancellation.ts computes.
 */
export type MoneyConsequence = 'none' | 'give_back' | 'refund_by_rule';

export interface Transition {
  from: BookingState;
  event: BookingEvent;
  /** All must hold. */
  guards: readonly Guard[];
  to: BookingState;
  money: MoneyConsequence;
  expiryCause?: ExpiryCause;
}

const LATE = ['expired_by_hold', 'dates_free'] as const;

export const TRANSITIONS: readonly Transition[] = [
  {
    from: 'pending_payment',
    event: 'payment_captured',
    guards: ['instant_book'],
    to: 'confirmed',
    money: 'none',
  },
  {
    from: 'pending_payment',
    event: 'payment_captured',
    guards: ['request_to_book'],
    to: 'awaiting_host',
    money: 'none',
  },
  {
    from: 'pending_payment',
    event: 'payment_authorized',
    guards: ['request_to_book'],
    to: 'awaiting_host',
    money: 'none',
  },
  {
    from: 'pending_payment',
    event: 'hold_ran_out',
    guards: [],
    to: 'expired',
    money: 'give_back',
    expiryCause: 'hold',
  },
  { from: 'pending_payment', event: 'guest_cancelled', guards: [], to: 'cancelled', money: 'give_back' },
  { from: 'pending_payment', event: 'admin_cancelled', guards: [], to: 'cancelled', money: 'give_back' },

  { from: 'awaiting_host', event: 'host_accepted', guards: [], to: 'awaiting_capture', money: 'none' },
  { from: 'awaiting_host', event: 'host_declined', guards: [], to: 'declined', money: 'give_back' },
  {
    from: 'awaiting_host',
    event: 'response_overdue',
    guards: [],
    to: 'expired',
    money: 'give_back',
    expiryCause: 'host',
  },
  {
    from: 'awaiting_host',
    event: 'check_in_reached',
    guards: [],
    to: 'expired',
    money: 'give_back',
    expiryCause: 'check-in',
  },
  { from: 'awaiting_host', event: 'guest_cancelled', guards: [], to: 'cancelled', money: 'give_back' },
  { from: 'awaiting_host', event: 'admin_cancelled', guards: [], to: 'cancelled', money: 'give_back' },

  { from: 'awaiting_capture', event: 'payment_captured', guards: [], to: 'confirmed', money: 'none' },
  {
    from: 'awaiting_capture',
    event: 'capture_failed',
    guards: [],
    to: 'expired',
    money: 'give_back',
    expiryCause: 'capture',
  },

  { from: 'confirmed', event: 'check_in_reached', guards: [], to: 'in_stay', money: 'none' },
  { from: 'confirmed', event: 'guest_cancelled', guards: [], to: 'cancelled', money: 'refund_by_rule' },
  { from: 'confirmed', event: 'host_cancelled', guards: [], to: 'cancelled', money: 'refund_by_rule' },
  { from: 'confirmed', event: 'admin_cancelled', guards: [], to: 'cancelled', money: 'refund_by_rule' },

  { from: 'in_stay', event: 'check_out_reached', guards: [], to: 'completed', money: 'none' },
  { from: 'in_stay', event: 'guest_cancelled', guards: [], to: 'cancelled', money: 'refund_by_rule' },
  { from: 'in_stay', event: 'host_cancelled', guards: [], to: 'cancelled', money: 'refund_by_rule' },
  { from: 'in_stay', event: 'admin_cancelled', guards: [], to: 'cancelled', money: 'refund_by_rule' },

  {
    from: 'expired',
    event: 'payment_captured',
    guards: [...LATE, 'instant_book'],
    to: 'confirmed',
    money: 'none',
  },
  {
    from: 'expired',
    event: 'payment_captured',
    guards: [...LATE, 'request_to_book'],
    to: 'awaiting_host',
    money: 'none',
  },
  {
    from: 'expired',
    event: 'payment_authorized',
    guards: [...LATE, 'request_to_book'],
    to: 'awaiting_host',
    money: 'none',
  },
];

/** A payment that reaches a booking in one of these, and does not revive it, goes back to the guest. */
const PAYMENT_GOES_BACK: readonly BookingState[] = ['cancelled', 'declined', 'expired'];
const PAYMENT_EVENTS: readonly BookingEvent[] = ['payment_authorized', 'payment_captured'];

export interface Allowed {
  allowed: true;
  to: BookingState;
  money: MoneyConsequence;
  /** Set where `to` is `expired`. */
  expiryCause: ExpiryCause | null;
}

export interface Refused {
  allowed: false;
  code: 'booking.transition_not_allowed';
  /** Where the event exists for the state: what kept it from happening. */
  unmetGuards: Guard[];
  /** `give_back`: the state stays, but this payment must be voided or refunded whole. */
  money: 'none' | 'give_back';
}

/** The one state that follows, or the refusal (409) and what it means for a payment that caused it. */
export function transition(state: BookingState, event: BookingEvent, facts: BookingFacts): Allowed | Refused {
  const rows = TRANSITIONS.filter((row) => row.from === state && row.event === event);
  const unmet = (row: Transition): Guard[] => row.guards.filter((guard) => !GUARDS[guard](facts));
  const next = rows.find((row) => unmet(row).length === 0);
  if (next !== undefined)
    return { allowed: true, to: next.to, money: next.money, expiryCause: next.expiryCause ?? null };
  const closest = rows.map(unmet).toSorted((a, b) => a.length - b.length)[0];
  return {
    allowed: false,
    code: 'booking.transition_not_allowed',
    unmetGuards: closest ?? [],
    money: PAYMENT_GOES_BACK.includes(state) && PAYMENT_EVENTS.includes(event) ? 'give_back' : 'none',
  };
}

export function isTerminal(state: BookingState): boolean {
  return (TERMINAL_STATES as readonly BookingState[]).includes(state);
}

/** The events that some guards would let happen, for a client that shows what it can do. */
export function possibleEvents(state: BookingState): BookingEvent[] {
  return BOOKING_EVENTS.filter((event) =>
    TRANSITIONS.some((row) => row.from === state && row.event === event),
  );
}
