import fc from 'fast-check';
import {
  BOOKING_EVENTS,
  BOOKING_STATES,
  type BookingEvent,
  type BookingFacts,
  type BookingState,
  FIRST_STATE,
  GUARDS,
  TERMINAL_STATES,
  TRANSITIONS,
  isTerminal,
  possibleEvents,
  transition,
} from './booking-state.js';

const instant: BookingFacts = { bookingMode: 'instant' };
const request: BookingFacts = { bookingMode: 'request' };
const afterHold = (facts: BookingFacts): BookingFacts => ({ ...facts, expiryCause: 'hold', datesFree: true });

/**
 * The matrix of docs/domain.md §3: per state one letter for each event, in this order.
 * `.` rejected, `<` rejected and the payment is refunded;
 * P pending_payment, H awaiting_host, C awaiting_capture, K confirmed, S in_stay, E completed, X cancelled,
 * D declined, T expired.
 */
const ORDER: BookingEvent[] = [
  'payment_authorized',
  'payment_captured',
  'capture_failed',
  'hold_ran_out',
  'host_accepted',
  'host_declined',
  'response_overdue',
  'check_in_reached',
  'check_out_reached',
  'guest_cancelled',
  'host_cancelled',
  'admin_cancelled',
];
const LETTERS: Record<string, BookingState> = {
  P: 'pending_payment',
  H: 'awaiting_host',
  C: 'awaiting_capture',
  K: 'confirmed',
  S: 'in_stay',
  E: 'completed',
  X: 'cancelled',
  D: 'declined',
  T: 'expired',
};
const MATRIX: Record<'instant' | 'request', Record<BookingState, string>> = {
  instant: {
    pending_payment: '.K.T.....X.X',
    awaiting_host: '....CDTT.X.X',
    awaiting_capture: '.KT.........',
    confirmed: '.......S.XXX',
    in_stay: '........EXXX',
    completed: '............',
    cancelled: '<<..........',
    declined: '<<..........',
    expired: '<<..........',
  },
  request: {
    pending_payment: 'HH.T.....X.X',
    awaiting_host: '....CDTT.X.X',
    awaiting_capture: '.KT.........',
    confirmed: '.......S.XXX',
    in_stay: '........EXXX',
    completed: '............',
    cancelled: '<<..........',
    declined: '<<..........',
    expired: '<<..........',
  },
};

const cells = (['instant', 'request'] as const).flatMap((bookingMode) =>
  BOOKING_STATES.flatMap((state) =>
    ORDER.map(
      (event, column) => [bookingMode, state, event, MATRIX[bookingMode][state][column] ?? ''] as const,
    ),
  ),
);

describe('the state × event matrix', () => {
  it('has a cell for every state and event', () => {
    expect(new Set(ORDER)).toEqual(new Set(BOOKING_EVENTS));
    expect(cells).toHaveLength(2 * BOOKING_STATES.length * BOOKING_EVENTS.length);
    expect(cells.every(([, , , cell]) => cell.length === 1)).toBe(true);
  });

  it.each(cells)('%s: %s on %s: %s', (bookingMode, state, event, cell) => {
    const outcome = transition(state, event, { bookingMode });
    const to = LETTERS[cell];
    if (to !== undefined) {
      expect(outcome).toMatchObject({ allowed: true, to });
      return;
    }
    expect(outcome).toMatchObject({
      allowed: false,
      code: 'booking.transition_not_allowed',
      money: cell === '<' ? 'give_back' : 'none',
    });
  });
});

describe('a payment after the hold has expired', () => {
  it.each([
    ['payment_captured', afterHold(instant), 'confirmed'],
    ['payment_captured', afterHold(request), 'awaiting_host'],
    ['payment_authorized', afterHold(request), 'awaiting_host'],
  ] as const)('%s continues the booking when the nights are available', (event, facts, to) => {
    expect(transition('expired', event, facts)).toEqual({
      allowed: true,
      to,
      money: 'none',
      expiryCause: null,
    });
  });

  it.each(['payment_captured', 'payment_authorized'] as const)(
    '%s is refunded when the nights are unavailable',
    (event) => {
      expect(transition('expired', event, { ...afterHold(request), datesFree: false })).toEqual({
        allowed: false,
        code: 'booking.transition_not_allowed',
        unmetGuards: ['dates_free'],
        money: 'give_back',
      });
    },
  );

  it.each(['host', 'check-in', 'capture', null] as const)(
    'is refunded when the booking expired by %s',
    (expiryCause) => {
      for (const facts of [instant, request]) {
        const outcome = transition('expired', 'payment_captured', { ...afterHold(facts), expiryCause });
        expect(outcome).toMatchObject({
          allowed: false,
          unmetGuards: ['expired_by_hold'],
          money: 'give_back',
        });
      }
    },
  );
});

describe('the consequences of a transition', () => {
  it.each([
    ['pending_payment', 'hold_ran_out', 'hold'],
    ['awaiting_host', 'response_overdue', 'host'],
    ['awaiting_host', 'check_in_reached', 'check-in'],
    ['awaiting_capture', 'capture_failed', 'capture'],
  ] as const)('%s on %s expires with the cause %s and refunds the payment', (state, event, cause) => {
    expect(transition(state, event, request)).toEqual({
      allowed: true,
      to: 'expired',
      money: 'give_back',
      expiryCause: cause,
    });
  });

  it('refunds a cancelled booking by rule after its confirmation, and in full before', () => {
    for (const { from, to, money } of TRANSITIONS) {
      if (to !== 'cancelled' && to !== 'declined') continue;
      expect(money).toBe(from === 'confirmed' || from === 'in_stay' ? 'refund_by_rule' : 'give_back');
    }
  });

  it('returns the unmet guard', () => {
    expect(transition('pending_payment', 'payment_authorized', instant)).toMatchObject({
      allowed: false,
      unmetGuards: ['request_to_book'],
      money: 'none',
    });
    expect(transition('awaiting_capture', 'guest_cancelled', request)).toMatchObject({ unmetGuards: [] });
  });

  it('returns the possible events', () => {
    expect(possibleEvents('awaiting_capture')).toEqual(['payment_captured', 'capture_failed']);
    expect(possibleEvents('completed')).toEqual([]);
  });
});

describe('the transition table', () => {
  const anyFacts: fc.Arbitrary<BookingFacts> = fc.record({
    bookingMode: fc.constantFrom('instant', 'request'),
    expiryCause: fc.constantFrom('hold', 'host', 'check-in', 'capture', null),
    datesFree: fc.boolean(),
  });

  it('has at most one row for each state, event and facts', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const matching = TRANSITIONS.filter((row) => row.guards.every((guard) => GUARDS[guard](facts)));
        const keys = matching.map((row) => `${row.from} ${row.event}`);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });

  it('reaches every state, and a terminal state from every state', () => {
    const reachableFrom = (from: BookingState): Set<BookingState> => {
      const seen = new Set<BookingState>([from]);
      for (const state of seen)
        for (const row of TRANSITIONS) if (row.from === state && !seen.has(row.to)) seen.add(row.to);
      return seen;
    };
    expect(reachableFrom(FIRST_STATE)).toEqual(new Set(BOOKING_STATES));
    for (const state of BOOKING_STATES) expect([...reachableFrom(state)].some(isTerminal)).toBe(true);
  });

  it('leaves a terminal state for a late payment only', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom(...BOOKING_EVENTS), anyFacts), { maxLength: 40 });
    fc.assert(
      fc.property(fc.constantFrom(...TERMINAL_STATES), steps, (end, applied) => {
        for (const [event, facts] of applied) {
          const outcome = transition(end, event, facts);
          if (!outcome.allowed) continue;
          expect(end).toBe('expired');
          expect(['payment_captured', 'payment_authorized']).toContain(event);
          expect(facts).toMatchObject({ expiryCause: 'hold', datesFree: true });
        }
      }),
    );
  });

  it('confirms a booking by a captured payment only', () => {
    for (const row of TRANSITIONS) if (row.to === 'confirmed') expect(row.event).toBe('payment_captured');
  });
});
