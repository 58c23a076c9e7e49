import {
  type BookingFate,
  nextStep,
  observe,
  type PaymentFacts,
  type PaymentStatus,
  paymentStatuses,
  refundedStatus,
  type Sighting,
  type Wish,
  wishAfter,
} from './payment-state.js';

const wishes: Wish[] = ['pay', 'capture', 'lapse', 'release'];

const facts = (given: Partial<PaymentFacts> = {}): PaymentFacts => ({
  status: 'requires_payment_method',
  amountMinor: 100,
  authorizedMinor: 0,
  capturedMinor: ['captured', 'partially_refunded', 'refunded', 'disputed'].includes(given.status ?? '')
    ? 100
    : 0,
  refundedMinor: 0,
  refundReservedMinor: 0,
  wish: 'pay',
  releaseMinor: null,
  created: true,
  ...given,
});

const seen = (status: Sighting['status']): Sighting => ({
  status,
  authorizedMinor: status === 'open' || status === 'action' ? 0 : 100,
  capturedMinor: status === 'captured' ? 100 : 0,
  failureCode: status === 'open' ? 'card_declined' : null,
});

describe('observe', () => {
  // Rows: what the payment is. Columns: what the provider is seen as. A dot: nothing changes, nothing is told.
  const table: Record<
    PaymentStatus,
    [open: string, action: string, authorized: string, captured: string, canceled: string]
  > = {
    requires_payment_method: ['.', 'requires_action', 'authorized', 'captured', 'voided'],
    requires_action: ['requires_payment_method', '.', 'authorized', 'captured', 'voided'],
    processing: ['requires_payment_method', 'requires_action', 'authorized', 'captured', 'voided'],
    authorized: ['.', '.', '.', 'captured', 'voided'],
    captured: ['.', '.', '.', '.', '.'],
    partially_refunded: ['.', '.', '.', '.', '.'],
    refunded: ['.', '.', '.', '.', '.'],
    voided: ['.', '.', '.', '.', '.'],
    failed: ['.', '.', '.', '.', '.'],
    disputed: ['.', '.', '.', '.', '.'],
  };
  const sightings = ['open', 'action', 'authorized', 'captured', 'canceled'] as const;
  const cases = paymentStatuses.flatMap((status) =>
    sightings.map((sighting, column) => [status, sighting, table[status][column]!] as const),
  );

  test.each(cases)('%s, seen %s: %s', (status, sighting, expected) => {
    const result = observe(facts({ status }), seen(sighting), false);
    expect(result.status).toBe(expected === '.' ? status : expected);
    const told = {
      requires_action: 'action-required',
      authorized: 'authorized',
      captured: 'captured',
      voided: 'voided',
      requires_payment_method: undefined,
    } as Record<string, string | undefined>;
    expect(result.happened?.kind).toBe(expected === '.' ? undefined : told[expected]);
  });

  test.each(cases)('%s, seen %s twice: the second time nothing is told', (status, sighting) => {
    const before = facts({ status });
    const first = observe(before, seen(sighting), false);
    const after = { ...before, ...first };
    const second = observe(after, seen(sighting), false);
    expect(second).toMatchObject({ status: first.status, happened: null });
  });

  test.each(cases)('%s, seen %s: any older sighting after it never takes money back', (status, sighting) => {
    for (const old of sightings) {
      const first = observe(facts({ status }), seen(sighting), false);
      const second = observe({ ...facts({ status }), ...first }, seen(old), false);
      expect(second.capturedMinor).toBeGreaterThanOrEqual(first.capturedMinor);
      if (first.status === 'captured') expect(second.status).toBe('captured');
    }
  });

  test('the host has accepted and the authorization is gone: that is a failure, with its code', () => {
    const lapsed = { ...seen('canceled'), failureCode: 'authorization_lapsed' };
    expect(observe(facts({ status: 'authorized', wish: 'capture' }), lapsed, false)).toMatchObject({
      status: 'failed',
      happened: { kind: 'failed', code: 'authorization_lapsed' },
    });
  });

  test('while a confirmation is under way, an old decline is not taken for its answer', () => {
    expect(observe(facts({ status: 'processing' }), seen('open'), true).status).toBe('processing');
    expect(observe(facts({ status: 'processing' }), seen('captured'), true).status).toBe('captured');
  });
});

describe('nextStep', () => {
  // Rows: what the payment is. Columns: what its booking wants.
  const table: Record<PaymentStatus, [pay: string, capture: string, lapse: string, release: string]> = {
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
      wishes.map((wish, column) => [status, wish, table[status][column]!] as const),
    ),
  )('%s, wanted: %s → %s', (status, wish, expected) => {
    expect(nextStep(facts({ status, wish }))?.do ?? '.').toBe(expected);
  });

  test.each<[Wish, string]>([
    ['pay', 'create'],
    ['capture', 'create'],
    ['lapse', 'drop'],
    ['release', 'drop'],
  ])('what the provider has not heard of, wanted: %s → %s', (wish, expected) => {
    expect(nextStep(facts({ wish, created: false }))?.do).toBe(expected);
  });

  test.each<[string, Partial<PaymentFacts>, number | null]>([
    ['all', {}, 100],
    ['a part', { releaseMinor: 30 }, 30],
    ['nothing', { releaseMinor: 0 }, null],
    ['what others have left', { refundReservedMinor: 80 }, 20],
    ['a part, no more than is left', { releaseMinor: 30, refundReservedMinor: 80 }, 20],
    ['nothing is left', { refundReservedMinor: 100 }, null],
  ])('on release goes back: %s', (_name, given, expected) => {
    const step = nextStep(facts({ status: 'captured', wish: 'release', ...given }));
    expect(step).toEqual(expected === null ? null : { do: 'refund', amountMinor: expected });
  });
});

describe('wishAfter', () => {
  const hold: BookingFate = { kind: 'expired', cause: 'hold' };
  test.each<[string, Wish, boolean, BookingFate, Wish, number | null]>([
    ['a request', 'pay', false, { kind: 'requested' }, 'pay', null],
    ['a late request whose dates were free', 'lapse', false, { kind: 'requested' }, 'pay', null],
    ['an acceptance', 'pay', false, { kind: 'accepted' }, 'capture', null],
    ['a confirmation', 'capture', false, { kind: 'confirmed' }, 'capture', null],
    ['a late confirmation', 'lapse', false, { kind: 'confirmed' }, 'pay', null],
    ['a decline', 'pay', false, { kind: 'declined' }, 'release', null],
    ['the hold running out', 'pay', false, hold, 'lapse', null],
    ['the refusal of a late payment', 'lapse', false, hold, 'release', null],
    ['no answer by the host', 'pay', false, { kind: 'expired', cause: 'host' }, 'release', null],
    ['check-in without an answer', 'pay', false, { kind: 'expired', cause: 'check-in' }, 'release', null],
    [
      'a capture that took too long',
      'capture',
      false,
      { kind: 'expired', cause: 'capture' },
      'release',
      null,
    ],
    [
      'a cancel before it was confirmed',
      'pay',
      false,
      { kind: 'cancelled', refundMinor: 7 },
      'release',
      null,
    ],
    ['a cancel by rule', 'pay', true, { kind: 'cancelled', refundMinor: 7 }, 'release', 7],
  ])('%s', (_name, wish, confirmed, fate, expected, releaseMinor) => {
    expect(wishAfter({ wish, releaseMinor: null, confirmed }, fate)).toEqual({
      wish: expected,
      releaseMinor,
    });
  });

  test.each<BookingFate>([
    { kind: 'requested' },
    { kind: 'accepted' },
    { kind: 'confirmed' },
    { kind: 'declined' },
    hold,
    { kind: 'cancelled', refundMinor: 9 },
  ])('what is settled stays settled: $kind', (fate) => {
    const settled = { wish: 'release' as const, releaseMinor: 7 };
    expect(wishAfter({ ...settled, confirmed: true }, fate)).toEqual(settled);
  });
});

test.each([
  [0, 'captured'],
  [1, 'partially_refunded'],
  [99, 'partially_refunded'],
  [100, 'refunded'],
] as const)('%i of 100 given back is %s', (refunded, status) => {
  expect(refundedStatus(100, refunded)).toBe(status);
});
