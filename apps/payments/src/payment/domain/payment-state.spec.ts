import fc from 'fast-check';
import {
  applyProviderState,
  type BookingOutcome,
  goalAfter,
  nextStep,
  type PaymentFacts,
  type PaymentGoal,
  type PaymentStatus,
  paymentStatuses,
  type ProviderState,
  statusAfterRefund,
} from './payment-state.js';

const goals: PaymentGoal[] = ['pay', 'capture', 'expire', 'release'];

const facts = (given: Partial<PaymentFacts> = {}): PaymentFacts => ({
  status: 'requires_payment_method',
  amountMinor: 100,
  authorizedMinor: 0,
  capturedMinor: ['captured', 'partially_refunded', 'refunded', 'disputed'].includes(given.status ?? '')
    ? 100
    : 0,
  refundedMinor: 0,
  refundReservedMinor: 0,
  disputeLostMinor: 0,
  disputeOffsetMinor: 0,
  goal: 'pay',
  releaseMinor: null,
  existsAtProvider: true,
  ...given,
});

const provider = (status: ProviderState['status']): ProviderState => ({
  status,
  authorizedMinor: ['open', 'action', 'processing'].includes(status) ? 0 : 100,
  capturedMinor: status === 'captured' ? 100 : 0,
  failureCode: status === 'open' ? 'card_declined' : null,
});

describe('applyProviderState', () => {
  // Rows: the payment's status. Columns: the provider's status. A dot: no change and no event.
  const table: Record<
    PaymentStatus,
    [open: string, action: string, processing: string, authorized: string, captured: string, canceled: string]
  > = {
    requires_payment_method: ['.', 'requires_action', 'processing', 'authorized', 'captured', 'voided'],
    requires_action: ['requires_payment_method', '.', 'processing', 'authorized', 'captured', 'voided'],
    processing: ['requires_payment_method', 'requires_action', '.', 'authorized', 'captured', 'voided'],
    authorized: ['.', '.', '.', '.', 'captured', 'voided'],
    captured: ['.', '.', '.', '.', '.', '.'],
    partially_refunded: ['.', '.', '.', '.', '.', '.'],
    refunded: ['.', '.', '.', '.', '.', '.'],
    // Late money: the guest paid although the payment had ended.
    voided: ['.', '.', '.', '.', 'captured', '.'],
    failed: ['.', '.', '.', '.', 'captured', '.'],
    disputed: ['.', '.', '.', '.', '.', '.'],
  };
  const eventOf: Record<string, string | undefined> = {
    requires_action: 'action-required',
    authorized: 'authorized',
    captured: 'captured',
    voided: 'voided',
    requires_payment_method: undefined,
  };
  const providerStatuses = ['open', 'action', 'processing', 'authorized', 'captured', 'canceled'] as const;
  const cases = paymentStatuses.flatMap((status) =>
    providerStatuses.map((state, column) => [status, state, table[status][column]!] as const),
  );

  test.each(cases)('%s, provider state %s: %s', (status, state, expected) => {
    const change = applyProviderState(facts({ status }), provider(state), false);
    expect(change.status).toBe(expected === '.' ? status : expected);
    const ended = status === 'voided' || status === 'failed';
    const event = ended && expected === 'captured' ? 'captured-late' : eventOf[expected];
    expect(change.event?.kind).toBe(expected === '.' ? undefined : event);
  });

  test.each(cases)('%s, provider state %s twice: the second has no event', (status, state) => {
    const before = facts({ status });
    const first = applyProviderState(before, provider(state), false);
    const second = applyProviderState({ ...before, ...first }, provider(state), false);
    expect(second).toMatchObject({ status: first.status, event: null });
  });

  test.each(cases)('%s, provider state %s: an older state never reverses a capture', (status, state) => {
    for (const older of providerStatuses) {
      const first = applyProviderState(facts({ status }), provider(state), false);
      const second = applyProviderState({ ...facts({ status }), ...first }, provider(older), false);
      expect(second.capturedMinor).toBeGreaterThanOrEqual(first.capturedMinor);
      if (first.status === 'captured') expect(second.status).toBe('captured');
    }
  });

  describe('for any sequence of provider states and outcomes of the booking', () => {
    const state = fc.record({
      kind: fc.constant('provider' as const),
      status: fc.constantFrom(...providerStatuses),
      confirming: fc.boolean(),
    });
    const outcome = fc.record({
      kind: fc.constant('booking' as const),
      outcome: fc.constantFrom<BookingOutcome>(
        { kind: 'requested' },
        { kind: 'accepted' },
        { kind: 'confirmed' },
        { kind: 'declined' },
        { kind: 'expired', cause: 'hold' },
        { kind: 'expired', cause: 'capture' },
        { kind: 'cancelled', refundMinor: 40 },
      ),
    });

    type Step =
      typeof state extends fc.Arbitrary<infer S>
        ? S | (typeof outcome extends fc.Arbitrary<infer O> ? O : never)
        : never;

    /** Applies the steps as the services do, without refunds. */
    function replay(steps: readonly Step[]) {
      let payment = { ...facts(), confirmed: false };
      const events: string[] = [];
      for (const step of steps) {
        if (step.kind === 'booking') {
          payment = { ...payment, ...goalAfter(payment, step.outcome) };
          payment.confirmed ||= step.outcome.kind === 'confirmed';
          continue;
        }
        const change = applyProviderState(payment, provider(step.status), step.confirming);
        if (change.event) events.push(change.event.kind);
        payment = { ...payment, ...change };
        if (change.event?.kind === 'captured-late')
          payment = { ...payment, goal: 'release', releaseMinor: null };
      }
      return { payment, events };
    }

    const steps = fc.array(fc.oneof(state, outcome), { maxLength: 20 });

    test('money is recorded at most once and never lost again', () => {
      fc.assert(
        fc.property(steps, (sequence) => {
          const { payment, events } = replay(sequence);
          const captures = events.filter((kind) => kind.startsWith('captured'));
          expect(captures.length).toBe(payment.capturedMinor > 0 ? 1 : 0);
          expect(payment.status === 'captured').toBe(payment.capturedMinor > 0);
        }),
      );
    });

    test('money that the provider captured is recorded, whatever happened before', () => {
      fc.assert(
        fc.property(steps, (sequence) => {
          const paid = { kind: 'provider' as const, status: 'captured' as const, confirming: false };
          expect(replay([...sequence, paid]).payment).toMatchObject({
            status: 'captured',
            capturedMinor: 100,
          });
        }),
      );
    });

    test('late money is refunded in full, whatever the booking does then', () => {
      fc.assert(
        fc.property(steps, steps, (before, after) => {
          const { payment, events } = replay([...before, ...after]);
          if (!events.includes('captured-late')) return;
          expect(events.at(-1)).toBe('captured-late');
          expect(nextStep(payment)).toEqual({ kind: 'refund', amountMinor: 100, offsetMinor: 0 });
        }),
      );
    });
  });

  test('fails with the provider’s code if the authorization lapses after the host has accepted', () => {
    const lapsed = { ...provider('canceled'), failureCode: 'authorization_lapsed' };
    const payment = facts({ status: 'authorized', goal: 'capture' });
    expect(applyProviderState(payment, lapsed, false)).toMatchObject({
      status: 'failed',
      event: { kind: 'failed', code: 'authorization_lapsed' },
    });
  });

  test('ignores an older decline while a confirmation is in progress', () => {
    const processing = facts({ status: 'processing' });
    expect(applyProviderState(processing, provider('open'), true).status).toBe('processing');
    expect(applyProviderState(processing, provider('captured'), true).status).toBe('captured');
  });
});

describe('nextStep', () => {
  // Rows: the payment's status. Columns: its goal.
  const table: Record<PaymentStatus, [pay: string, capture: string, expire: string, release: string]> = {
    requires_payment_method: ['.', '.', 'void', 'void'],
    requires_action: ['.', '.', 'void', 'void'],
    processing: ['.', '.', 'void', 'void'],
    authorized: ['.', 'capture', '.', 'void'],
    captured: ['.', '.', '.', 'refund'],
    partially_refunded: ['.', '.', '.', 'refund'],
    refunded: ['.', '.', '.', '.'],
    voided: ['.', '.', '.', '.'],
    failed: ['.', '.', '.', '.'],
    disputed: ['.', '.', '.', '.'],
  };

  test.each(
    paymentStatuses.flatMap((status) =>
      goals.map((goal, column) => [status, goal, table[status][column]!] as const),
    ),
  )('%s, goal %s → %s', (status, goal, expected) => {
    expect(nextStep(facts({ status, goal }))?.kind ?? '.').toBe(expected);
  });

  test.each<[PaymentGoal, string]>([
    ['pay', 'create'],
    ['capture', 'create'],
    ['expire', 'abandon'],
    ['release', 'abandon'],
  ])('does not exist at the provider, goal %s → %s', (goal, expected) => {
    expect(nextStep(facts({ goal, existsAtProvider: false }))?.kind).toBe(expected);
  });

  test.each<[string, Partial<PaymentFacts>, number | null]>([
    ['the whole amount', {}, 100],
    ['a part', { releaseMinor: 30 }, 30],
    ['nothing', { releaseMinor: 0 }, null],
    ['the remaining amount after other refunds', { refundReservedMinor: 80 }, 20],
    ['a part, at most the remaining amount', { releaseMinor: 30, refundReservedMinor: 80 }, 20],
    ['nothing when nothing remains', { refundReservedMinor: 100 }, null],
    ['the remaining amount after a lost dispute', { disputeLostMinor: 70 }, 30],
    [
      'a part, reduced by the amount that the bank has returned',
      { releaseMinor: 50, disputeLostMinor: 30 },
      20,
    ],
    ['nothing when the bank has returned more than is due', { releaseMinor: 50, disputeLostMinor: 60 }, null],
    [
      'a part, without the amount that an earlier refund was reduced by',
      { releaseMinor: 50, disputeLostMinor: 30, disputeOffsetMinor: 30 },
      50,
    ],
    [
      'at most the amount that neither refunds nor the bank have returned',
      { releaseMinor: 50, disputeLostMinor: 30, disputeOffsetMinor: 30, refundReservedMinor: 60 },
      10,
    ],
  ])('a release refunds %s', (_name, given, expected) => {
    const step = nextStep(facts({ status: 'captured', goal: 'release', ...given }));
    expect(step?.kind === 'refund' && step.amountMinor > 0 ? step.amountMinor : null).toBe(expected);
  });
});

test.each<[string, Partial<PaymentFacts>, number | null]>([
  ['a part', { releaseMinor: 50, disputeLostMinor: 30 }, 30],
  ['a part, at most what is due', { releaseMinor: 50, disputeLostMinor: 60 }, 50],
  [
    'a part, without what was used before',
    { releaseMinor: 50, disputeLostMinor: 30, disputeOffsetMinor: 20 },
    10,
  ],
  ['the whole amount', { disputeLostMinor: 70 }, 70],
  [
    'the whole amount while other refunds are in progress',
    { disputeLostMinor: 70, refundReservedMinor: 30 },
    70,
  ],
  ['nothing', { releaseMinor: 0, disputeLostMinor: 70 }, null],
])('a release of %s uses the amount that the bank has returned', (_name, given, expected) => {
  const step = nextStep(facts({ status: 'partially_refunded', goal: 'release', ...given }));
  expect(step?.kind === 'refund' ? step.offsetMinor : null).toBe(expected);
});

describe('goalAfter', () => {
  const hold: BookingOutcome = { kind: 'expired', cause: 'hold' };
  const cancelled: BookingOutcome = { kind: 'cancelled', refundMinor: 7 };

  test.each<{
    name: string;
    before: PaymentGoal;
    confirmed?: boolean;
    outcome: BookingOutcome;
    goal: PaymentGoal;
    releaseMinor?: number;
  }>([
    { name: 'a request', before: 'pay', outcome: { kind: 'requested' }, goal: 'pay' },
    {
      name: 'a late request for dates that are still free',
      before: 'expire',
      outcome: { kind: 'requested' },
      goal: 'pay',
    },
    { name: 'an acceptance', before: 'pay', outcome: { kind: 'accepted' }, goal: 'capture' },
    { name: 'a confirmation', before: 'capture', outcome: { kind: 'confirmed' }, goal: 'capture' },
    { name: 'a late confirmation', before: 'expire', outcome: { kind: 'confirmed' }, goal: 'pay' },
    { name: 'a decline', before: 'pay', outcome: { kind: 'declined' }, goal: 'release' },
    { name: 'the expiry of the hold', before: 'pay', outcome: hold, goal: 'expire' },
    { name: 'the rejection of a late payment', before: 'expire', outcome: hold, goal: 'release' },
    {
      name: 'no response of the host',
      before: 'pay',
      outcome: { kind: 'expired', cause: 'host' },
      goal: 'release',
    },
    {
      name: 'check-in without a response',
      before: 'pay',
      outcome: { kind: 'expired', cause: 'check-in' },
      goal: 'release',
    },
    {
      name: 'a capture that took too long',
      before: 'capture',
      outcome: { kind: 'expired', cause: 'capture' },
      goal: 'release',
    },
    { name: 'a cancellation before the confirmation', before: 'pay', outcome: cancelled, goal: 'release' },
    {
      name: 'a cancellation with a partial refund',
      before: 'pay',
      confirmed: true,
      outcome: cancelled,
      goal: 'release',
      releaseMinor: 7,
    },
  ])('$name: $before → $goal', ({ before, confirmed = false, outcome, goal, releaseMinor = null }) => {
    expect(goalAfter({ goal: before, releaseMinor: null, confirmed }, outcome)).toEqual({
      goal,
      releaseMinor,
    });
  });

  test.each<BookingOutcome>([
    { kind: 'requested' },
    { kind: 'accepted' },
    { kind: 'confirmed' },
    { kind: 'declined' },
    hold,
    { kind: 'cancelled', refundMinor: 9 },
  ])('a released payment stays released: $kind', (outcome) => {
    const released = { goal: 'release' as const, releaseMinor: 7 };
    expect(goalAfter({ ...released, confirmed: true }, outcome)).toEqual(released);
  });
});

test.each([
  [0, 'captured'],
  [1, 'partially_refunded'],
  [99, 'partially_refunded'],
  [100, 'refunded'],
] as const)('a payment of 100 with a refund of %i is %s', (refunded, status) => {
  expect(statusAfterRefund(100, refunded)).toBe(status);
});
