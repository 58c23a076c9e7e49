/** The states and transitions of a change to a booking (docs/domain.md §3) as data. No other code decides which state follows. */

export const CHANGE_STATES = [
  'proposed',
  'awaiting_payment',
  'applied',
  'declined',
  'withdrawn',
  'expired',
  'payment_failed',
  'closed',
] as const;
export type ChangeState = (typeof CHANGE_STATES)[number];

/** A booking has at most one change in these states; it may hold nights. */
export const OPEN_CHANGE_STATES = ['proposed', 'awaiting_payment'] as const satisfies ChangeState[];

/** The final states. Only `expired` can be left, by a late payment. */
export const ENDED_CHANGE_STATES = [
  'applied',
  'declined',
  'withdrawn',
  'expired',
  'payment_failed',
  'closed',
] as const satisfies ChangeState[];

export const CHANGE_EVENTS = [
  'accepted',
  'declined',
  'withdrawn',
  /** The other side has not responded, or the guest has not paid, before the deadline. */
  'time_ran_out',
  'paid',
  /** Finally: no further payment attempt is possible. */
  'payment_failed',
  /** The booking has been checked in, checked out or cancelled first. */
  'booking_moved_on',
] as const;
export type ChangeEvent = (typeof CHANGE_EVENTS)[number];

export type Side = 'guest' | 'host';

/** The input of the guards. */
export interface ChangeFacts {
  proposedBy: Side;
  /** The amount that the guest pays (positive) or is refunded (negative) when the change is applied. */
  differenceMinor: number;
  /** It has been accepted and has waited for its payment. */
  wasAccepted: boolean;
  /** The side that acts; null for the system and payments. */
  by?: Side | null;
  /** For a late payment: whether the change can still be applied. */
  stillPossible?: boolean;
}

export const CHANGE_GUARDS = {
  by_proposer: ({ by, proposedBy }: ChangeFacts): boolean => by === proposedBy,
  by_other_side: ({ by, proposedBy }: ChangeFacts): boolean => Boolean(by) && by !== proposedBy,
  by_guest: ({ by }: ChangeFacts): boolean => by === 'guest',
  more_is_due: ({ differenceMinor }: ChangeFacts): boolean => differenceMinor > 0,
  nothing_is_due: ({ differenceMinor }: ChangeFacts): boolean => differenceMinor <= 0,
  was_accepted: ({ wasAccepted }: ChangeFacts): boolean => wasAccepted,
  still_possible: ({ stillPossible }: ChangeFacts): boolean => stillPossible === true,
} as const;
export type ChangeGuard = keyof typeof CHANGE_GUARDS;

const ACTOR_GUARDS: readonly ChangeGuard[] = ['by_proposer', 'by_other_side', 'by_guest'];

export interface ChangeTransition {
  from: ChangeState;
  event: ChangeEvent;
  /** All must hold. */
  guards: readonly ChangeGuard[];
  to: ChangeState;
}

export const CHANGE_TRANSITIONS: readonly ChangeTransition[] = [
  { from: 'proposed', event: 'accepted', guards: ['by_other_side', 'more_is_due'], to: 'awaiting_payment' },
  { from: 'proposed', event: 'accepted', guards: ['by_other_side', 'nothing_is_due'], to: 'applied' },
  { from: 'proposed', event: 'declined', guards: ['by_other_side'], to: 'declined' },
  { from: 'proposed', event: 'withdrawn', guards: ['by_proposer'], to: 'withdrawn' },
  { from: 'proposed', event: 'time_ran_out', guards: [], to: 'expired' },
  { from: 'proposed', event: 'booking_moved_on', guards: [], to: 'closed' },

  { from: 'awaiting_payment', event: 'paid', guards: [], to: 'applied' },
  // Both sides have agreed; only the guest, who has to pay, may still withdraw.
  { from: 'awaiting_payment', event: 'withdrawn', guards: ['by_guest'], to: 'withdrawn' },
  { from: 'awaiting_payment', event: 'payment_failed', guards: [], to: 'payment_failed' },
  { from: 'awaiting_payment', event: 'time_ran_out', guards: [], to: 'expired' },
  { from: 'awaiting_payment', event: 'booking_moved_on', guards: [], to: 'closed' },

  { from: 'expired', event: 'paid', guards: ['was_accepted', 'still_possible'], to: 'applied' },
];

export type ChangeOutcome =
  | { allowed: true; to: ChangeState }
  | {
      allowed: false;
      /** Another actor could cause the event: 403, otherwise 409. */
      byOthers: boolean;
      unmetGuards: ChangeGuard[];
    };

/** Returns the next state, or the reason why there is none. */
export function changeTransition(state: ChangeState, event: ChangeEvent, facts: ChangeFacts): ChangeOutcome {
  const rows = CHANGE_TRANSITIONS.filter((row) => row.from === state && row.event === event);
  const unmet = (row: ChangeTransition) => row.guards.filter((guard) => !CHANGE_GUARDS[guard](facts));
  const next = rows.find((row) => unmet(row).length === 0);
  if (next) return { allowed: true, to: next.to };
  const closest = rows.map(unmet).toSorted((a, b) => a.length - b.length)[0] ?? [];
  return {
    allowed: false,
    byOthers: closest.length > 0 && closest.every((guard) => ACTOR_GUARDS.includes(guard)),
    unmetGuards: closest,
  };
}

export function isOpenChange(state: ChangeState): boolean {
  return (OPEN_CHANGE_STATES as readonly ChangeState[]).includes(state);
}
