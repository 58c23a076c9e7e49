import { transferMismatch } from './transfer-mismatch.js';

const payout = { amountMinor: 1_000, currency: 'USD', destination: 'acct_1' };
const transfer = { ...payout, status: 'paid' as const, reversedMinor: 0 };

test.each([
  ['the same', {}, null],
  ['without a destination', { destination: '' }, null],
  ['of another currency', { currency: 'EUR' }, 'currency_differs'],
  ['of another amount', { amountMinor: 999 }, 'amount_differs'],
  ['reversed in part', { reversedMinor: 1 }, 'amount_differs'],
  ['to another account', { destination: 'acct_2' }, 'destination_differs'],
  [
    'that failed, to another account',
    { status: 'failed' as const, amountMinor: 999, destination: 'acct_2' },
    null,
  ],
  ['that failed, of another currency', { status: 'failed' as const, currency: 'EUR' }, 'currency_differs'],
])('a transfer %s: %o is %s', (_name, changes, expected) => {
  expect(transferMismatch(payout, { ...transfer, ...changes })).toBe(expected);
});
