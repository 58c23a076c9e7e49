/** The states and transitions of a booking (docs/domain.md §3) as data. No other code decides which state follows. */

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

/** The state of a new booking. */
export const FIRST_STATE: BookingState = 'pending_payment';

/** The final states. Only `expired` can be left, by a late payment. */
export const TERMINAL_STATES = [
  'completed',
  'cancelled',
  'declined',
  'expired',
] as const satisfies BookingState[];

export const BOOKING_EVENTS = [
  'payment_authorized',
  'payment_captured',
  /** Finally: the capture is not retried. */
  'capture_failed',
  'hold_ran_out',
  'host_accepted',
  'host_declined',
  /** The host has not responded before the deadline. */
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

/** The input of the guards. */
export interface BookingFacts {
  bookingMode: BookingMode;
  /** Set for a booking in state `expired`. */
  expiryCause?: ExpiryCause | null;
  /** For a late payment: whether the nights of the booking can be claimed again. Past nights are not free. */
  datesFree?: boolean;
}

export const GUARDS = {
  instant_book: (facts: BookingFacts): boolean => facts.bookingMode === 'instant',
  request_to_book: (facts: BookingFacts): boolean => facts.bookingMode === 'request',
  expired_by_hold: (facts: BookingFacts): boolean => facts.expiryCause === 'hold',
  dates_free: (facts: BookingFacts): boolean => facts.datesFree === true,
} as const;
export type Guard = keyof typeof GUARDS;

/** The guest's money: no effect, voided or refunded in full, or refunded by the rules in cancellation.ts. */
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

/** A payment for a booking in one of these states is returned to the guest, unless it reopens the booking. */
const PAYMENT_RETURNED: readonly BookingState[] = ['cancelled', 'declined', 'expired'];
const PAYMENT_EVENTS: readonly BookingEvent[] = ['payment_authorized', 'payment_captured'];

export interface Allowed {
  allowed: true;
  to: BookingState;
  money: MoneyConsequence;
  /** Set where `to` is `expired`. */
  expiryCause: ExpiryCause | null;
}

export interface Rejected {
  allowed: false;
  code: 'booking.transition_not_allowed';
  /** The guards that failed, if the state has a transition for the event. */
  unmetGuards: Guard[];
  /** `give_back`: the state does not change, but this payment must be voided or refunded in full. */
  money: 'none' | 'give_back';
}

/** Returns the next state, or the rejection (409) and its effect on the payment that caused the event. */
export function transition(
  state: BookingState,
  event: BookingEvent,
  facts: BookingFacts,
): Allowed | Rejected {
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
    money: PAYMENT_RETURNED.includes(state) && PAYMENT_EVENTS.includes(event) ? 'give_back' : 'none',
  };
}

export function isTerminal(state: BookingState): boolean {
  return (TERMINAL_STATES as readonly BookingState[]).includes(state);
}

/** The events for which the state has a transition, whatever the guards, for a client that shows possible actions. */
export function possibleEvents(state: BookingState): BookingEvent[] {
  return BOOKING_EVENTS.filter((event) =>
    TRANSITIONS.some((row) => row.from === state && row.event === event),
  );
}
