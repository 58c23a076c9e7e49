import { isInquiry, toDispute, toIntent, toRefund, toTransfer } from './stripe-objects.js';

const PAYMENT = '0198c9a4-7d1e-7000-8000-000000000001';

const intent = (overrides: object = {}) => ({
  id: 'pi_1',
  object: 'payment_intent',
  status: 'requires_payment_method',
  amount: 27_280,
  amount_capturable: 0,
  amount_received: 0,
  currency: 'usd',
  client_secret: 'pi_1_secret_2',
  last_payment_error: null,
  next_action: null,
  latest_charge: null,
  metadata: { paymentId: PAYMENT },
  ...overrides,
});

describe('a payment intent', () => {
  test.each([
    ['requires_payment_method', 'open'],
    ['requires_confirmation', 'open'],
    ['requires_action', 'action'],
    ['processing', 'processing'],
    ['requires_capture', 'authorized'],
    ['succeeded', 'captured'],
    ['canceled', 'canceled'],
  ])('%s is %s', (status, expected) => {
    expect(toIntent(intent({ status })).status).toBe(expected);
  });

  test('has the amounts of its state, and the time-limit of its authorization', () => {
    const card = { capture_before: 1_900_000_000 };
    const charge = { amount_refunded: 0, payment_method_details: { card } };
    const held = intent({ status: 'requires_capture', amount_capturable: 27_280, latest_charge: charge });
    expect(toIntent(held)).toMatchObject({
      paymentId: PAYMENT,
      currency: 'USD',
      authorizedMinor: 27_280,
      capturedMinor: 0,
      refundedMinor: 0,
      captureBefore: new Date(1_900_000_000_000),
    });
    const paid = { status: 'succeeded', amount_received: 27_280, latest_charge: { amount_refunded: 80 } };
    expect(toIntent(intent(paid))).toMatchObject({
      authorizedMinor: 27_280,
      capturedMinor: 27_280,
      refundedMinor: 80,
      captureBefore: null,
    });
  });

  test('has no refund after its authorization was released', () => {
    const released = intent({ status: 'canceled', latest_charge: { amount_refunded: 27_280 } });
    expect(toIntent(released)).toMatchObject({ authorizedMinor: 0, capturedMinor: 0, refundedMinor: 0 });
  });

  test('has the URL of the bank', () => {
    const next_action = {
      type: 'redirect_to_url',
      redirect_to_url: { url: 'https://bank.example', return_url: null },
    };
    expect(toIntent(intent({ status: 'requires_action', next_action })).redirectUrl).toBe(
      'https://bank.example',
    );
    const sdk = { type: 'use_stripe_sdk', use_stripe_sdk: {} };
    expect(toIntent(intent({ status: 'requires_action', next_action: sdk })).redirectUrl).toBeNull();
  });

  test.each([
    [{ code: 'card_declined', decline_code: 'insufficient_funds' }, 'insufficient_funds'],
    [{ code: 'payment_intent_authentication_failure' }, 'payment_intent_authentication_failure'],
    [{ code: 'card_declined', decline_code: 'stolen_card' }, 'generic_decline'],
    [{ type: 'idempotency_error' }, 'card_declined'],
    [{ code: 'Your card <b>was</b> declined' }, 'card_declined'],
  ])('with the error %j has the code %s', (last_payment_error, code) => {
    expect(toIntent(intent({ last_payment_error })).failureCode).toBe(code);
  });

  test('that was not captured in time has its own code', () => {
    const lapsed = intent({ status: 'canceled', cancellation_reason: 'automatic' });
    expect(toIntent(lapsed).failureCode).toBe('authorization_expired');
    expect(toIntent(intent({ status: 'canceled', cancellation_reason: null })).failureCode).toBeNull();
  });

  test('of another system has no payment', () => {
    expect(toIntent(intent({ metadata: {} })).paymentId).toBeNull();
    expect(toIntent(intent({ metadata: { paymentId: 'order-7' } })).paymentId).toBeNull();
  });

  test.each([null, 'text', [], {}, { ...intent(), status: 'unheard_of' }, { ...intent(), amount: '1' }])(
    'is not read from %j',
    (body) => {
      expect(() => toIntent(body)).toThrow();
    },
  );
});

test.each([
  ['pending', 'pending'],
  ['requires_action', 'pending'],
  ['succeeded', 'succeeded'],
  ['failed', 'failed'],
  ['canceled', 'failed'],
  [null, 'pending'],
  ['unheard_of', 'pending'],
])('a refund that is %s is %s', (status, expected) => {
  const refund = { id: 're_1', object: 'refund', amount: 500, currency: 'isk', status };
  const metadata = { refundId: PAYMENT };
  expect(toRefund({ ...refund, metadata })).toEqual({
    ref: 're_1',
    refundId: PAYMENT,
    amountMinor: 5,
    reason: null,
    status: expected,
  });
});

test.each([
  ['warning_needs_response', true],
  ['warning_under_review', true],
  ['warning_closed', true],
  ['prevented', true],
  ['needs_response', false],
  ['under_review', false],
  ['won', false],
  ['lost', false],
])('%s: inquiry %s', (status, expected) => expect(isInquiry(status)).toBe(expected));

test.each([
  ['needs_response', 'needs_response'],
  ['under_review', 'under_review'],
  ['appeal_needs_response', 'needs_response'],
  ['appeal_under_review', 'under_review'],
  ['charge_refunded', 'won'],
  ['won', 'won'],
  ['lost', 'lost'],
  ['unheard_of', 'under_review'],
])('a dispute that is %s is %s', (status, expected) => {
  const dispute = {
    id: 'du_1',
    object: 'dispute',
    amount: 27_280,
    currency: 'usd',
    charge: 'ch_1',
    payment_intent: { id: 'pi_1' },
    reason: 'fraudulent',
    evidence_details: { due_by: 1_900_000_000 },
    created: 1_800_000_000,
  };
  expect(toDispute({ ...dispute, status })).toEqual({
    ref: 'du_1',
    paymentRef: 'pi_1',
    status: expected,
    amountMinor: 27_280,
    currency: 'USD',
    reason: 'fraudulent',
    evidenceDueAt: new Date(1_900_000_000_000),
    createdAt: new Date(1_800_000_000_000),
  });
});

test.each([
  ['paid', 0, { amount_reversed: 0, reversed: false }],
  ['paid', 400, { amount_reversed: 400, reversed: false }],
  ['failed', 0, { amount_reversed: 1_000, reversed: true }],
])('a transfer is %s, %i of it reversed, with %j', (status, reversedMinor, reversal) => {
  const transfer = { id: 'tr_1', object: 'transfer', amount: 1_000, currency: 'usd', destination: 'acct_1' };
  const metadata = { payoutId: PAYMENT };
  expect(toTransfer({ ...transfer, ...reversal, metadata })).toMatchObject({
    ref: 'tr_1',
    payoutId: PAYMENT,
    status,
    destination: 'acct_1',
    amountMinor: 1_000,
    reversedMinor,
    currency: 'USD',
    failureCode: status === 'failed' ? 'transfer_reversed' : null,
  });
});
