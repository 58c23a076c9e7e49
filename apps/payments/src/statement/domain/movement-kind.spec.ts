import { isReversal, kindOf, prefixesOf, sourceIdOf, transactionKinds } from './movement-kind.js';

test.each([
  ['host', 'capture:p', 'earning'],
  ['host', 'refund:r', 'refund'],
  ['host', 'refund:r:failed', 'refund'],
  ['host', 'penalty:b', 'penalty'],
  ['host', 'dispute:d:lost', 'claw_back'],
  ['host', 'payout:o', 'payout'],
  ['host', 'payout:o:failed', 'payout'],
  ['host', 'cancelled:p', 'adjustment'],
  ['host', 'change:c:p', 'adjustment'],
  ['host', 'correction:1', 'adjustment'],
  ['host', 'refunds', 'adjustment'],
  ['guest', 'capture:p', 'charge'],
  ['guest', 'refund:r:paid', 'refund'],
  ['guest', 'fee:p', null],
] as const)('for a %s, %s is %s', (role, key, kind) => {
  expect(kindOf(role, key)).toBe(kind);
  expect(sourceIdOf(key)).toBe(key.split(':')[1] ?? key);
  // The filter of the statements selects the same kinds.
  for (const each of transactionKinds) {
    const { prefixes, other } = prefixesOf(role, each);
    const selected = prefixes.some((prefix) => key.startsWith(prefix)) !== other;
    expect({ each, selected }).toEqual({ each, selected: each === kind });
  }
});

test.each([
  ['payout:o:failed', true],
  ['refund:r:failed', true],
  ['refund:r:returned', true],
  ['payout:o', false],
  ['failed:x', false],
])('%s is a reversal: %s', (key, expected) => {
  expect(isReversal(key)).toBe(expected);
});
