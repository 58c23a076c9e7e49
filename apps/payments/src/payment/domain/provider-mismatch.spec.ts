import { amountMismatch, stateMismatch } from './provider-mismatch.js';

const payment = { providerRef: 'pi_1', amountMinor: 27_280, currency: 'USD' };
const state = {
  ref: 'pi_1',
  status: 'captured',
  amountMinor: 27_280,
  currency: 'USD',
  authorizedMinor: 27_280,
  capturedMinor: 27_280,
} as const;

test.each([
  ['the same state', {}, null],
  ['a state before the first payment', { status: 'open', authorizedMinor: 0, capturedMinor: 0 }, null],
  ['an authorization', { status: 'authorized', capturedMinor: 0 }, null],
  ['a canceled authorization', { status: 'canceled', authorizedMinor: 0, capturedMinor: 0 }, null],
  ['one minor unit more', { amountMinor: 27_281 }, 'amount_differs'],
  ['one minor unit less', { amountMinor: 27_279 }, 'amount_differs'],
  ['another currency with the same number', { currency: 'JPY' }, 'currency_differs'],
  ['a partial capture', { capturedMinor: 27_279 }, 'amount_differs'],
  ['a capture of more than the amount', { capturedMinor: 27_281 }, 'amount_differs'],
  ['a partial authorization', { status: 'authorized', authorizedMinor: 1 }, 'amount_differs'],
  ['another payment at the provider', { ref: 'pi_2' }, 'reference_differs'],
] as const)('compares %s', (_name, changes, expected) => {
  expect(stateMismatch(payment, { ...state, ...changes })).toBe(expected);
});

test('accepts any reference for a payment that has none', () => {
  expect(stateMismatch({ ...payment, providerRef: null }, { ...state, ref: 'pi_9' })).toBeNull();
});

test.each([
  [{ amountMinor: 27_280, currency: 'USD' }, null],
  [{ amountMinor: 27_281, currency: 'USD' }, 'amount_differs'],
  [{ amountMinor: 27_280, currency: 'EUR' }, 'currency_differs'],
] as const)('compares the reported amount %j', (reported, expected) => {
  expect(amountMismatch(payment, reported)).toBe(expected);
});
