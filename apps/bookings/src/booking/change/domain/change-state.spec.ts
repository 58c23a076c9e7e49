import fc from 'fast-check';
import {
  CHANGE_EVENTS,
  CHANGE_STATES,
  type ChangeEvent,
  type ChangeFacts,
  type ChangeState,
  changeTransition,
  ENDED_CHANGE_STATES,
  isOpenChange,
} from './change-state.js';

const facts = (given: Partial<ChangeFacts> = {}): ChangeFacts => ({
  proposedBy: 'guest',
  differenceMinor: 100,
  wasAccepted: false,
  by: null,
  ...given,
});

/** The transitions of docs/domain.md §3: state, event, facts, next state. */
const allowed: [ChangeState, ChangeEvent, Partial<ChangeFacts>, ChangeState][] = [
  ['proposed', 'accepted', { by: 'host', differenceMinor: 1 }, 'awaiting_payment'],
  ['proposed', 'accepted', { by: 'host', differenceMinor: 0 }, 'applied'],
  ['proposed', 'accepted', { by: 'host', differenceMinor: -1 }, 'applied'],
  ['proposed', 'accepted', { proposedBy: 'host', by: 'guest', differenceMinor: 1 }, 'awaiting_payment'],
  ['proposed', 'declined', { by: 'host' }, 'declined'],
  ['proposed', 'declined', { proposedBy: 'host', by: 'guest' }, 'declined'],
  ['proposed', 'withdrawn', { by: 'guest' }, 'withdrawn'],
  ['proposed', 'withdrawn', { proposedBy: 'host', by: 'host' }, 'withdrawn'],
  ['proposed', 'time_ran_out', {}, 'expired'],
  ['proposed', 'booking_moved_on', {}, 'closed'],
  ['awaiting_payment', 'paid', { wasAccepted: true }, 'applied'],
  ['awaiting_payment', 'withdrawn', { by: 'guest' }, 'withdrawn'],
  ['awaiting_payment', 'withdrawn', { proposedBy: 'host', by: 'guest' }, 'withdrawn'],
  ['awaiting_payment', 'payment_failed', {}, 'payment_failed'],
  ['awaiting_payment', 'time_ran_out', {}, 'expired'],
  ['awaiting_payment', 'booking_moved_on', {}, 'closed'],
  ['expired', 'paid', { wasAccepted: true, stillPossible: true }, 'applied'],
];

it.each(allowed)('%s on %s with %j: %s', (state, event, given, to) => {
  expect(changeTransition(state, event, facts(given))).toEqual({ allowed: true, to });
});

/** The pairs of state and event that some facts allow. Every other pair is rejected for any facts. */
const possible = new Set(allowed.map(([state, event]) => `${state} ${event}`));

describe.each(CHANGE_STATES)('%s', (state) => {
  it.each(CHANGE_EVENTS.filter((event) => !possible.has(`${state} ${event}`)))(
    'rejects %s for any facts',
    (event) => {
      for (const by of ['guest', 'host', null] as const)
        for (const proposedBy of ['guest', 'host'] as const)
          for (const differenceMinor of [-1, 0, 1])
            for (const wasAccepted of [true, false])
              for (const stillPossible of [true, false])
                expect(
                  changeTransition(state, event, {
                    by,
                    proposedBy,
                    differenceMinor,
                    wasAccepted,
                    stillPossible,
                  }),
                ).toEqual({ allowed: false, byOthers: false, unmetGuards: [] });
    },
  );
});

it('reports that the other side may apply the event', () => {
  for (const [state, event, given] of [
    ['proposed', 'accepted', { by: 'guest' }],
    ['proposed', 'declined', { by: 'guest' }],
    ['proposed', 'withdrawn', { by: 'host' }],
    ['awaiting_payment', 'withdrawn', { by: 'host' }],
    ['awaiting_payment', 'withdrawn', { proposedBy: 'host', by: 'host' }],
  ] as const)
    expect(changeTransition(state, event, facts(given))).toMatchObject({ allowed: false, byOthers: true });
});

it('rejects a late payment unless the change was accepted and is still possible', () => {
  for (const given of [
    {},
    { wasAccepted: true },
    { stillPossible: true },
    { wasAccepted: true, stillPossible: false },
  ]) {
    expect(changeTransition('expired', 'paid', facts(given))).toMatchObject({
      allowed: false,
      byOthers: false,
    });
  }
});

const anyFacts: fc.Arbitrary<ChangeFacts> = fc.record({
  proposedBy: fc.constantFrom('guest', 'host'),
  differenceMinor: fc.integer({ min: -1_000, max: 1_000 }),
  wasAccepted: fc.boolean(),
  by: fc.constantFrom('guest', 'host', null),
  stillPossible: fc.boolean(),
});

it('leaves an ended state for a late payment only; the proposer never responds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...CHANGE_EVENTS), anyFacts), { maxLength: 30 }),
      (events) => {
        let state: ChangeState = 'proposed';
        for (const [event, given] of events) {
          const next = changeTransition(state, event, given);
          if (!next.allowed) continue;
          const isEnd = (ENDED_CHANGE_STATES as readonly ChangeState[]).includes(state);
          expect(isEnd).toBe(!isOpenChange(state));
          if (isEnd) expect([state, event, next.to]).toEqual(['expired', 'paid', 'applied']);
          if (event === 'accepted' || event === 'declined') expect(given.by).not.toBe(given.proposedBy);
          expect(next.to).not.toBe('proposed');
          state = next.to;
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
