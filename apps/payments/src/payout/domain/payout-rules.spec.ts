import { referenceProblem } from './account-reference.js';
import type { FrozenReason } from './payout-plan.js';
import { blockOf, type Situation } from './payout-reason.js';
import { changeOf, payoutStatuses } from './payout-state.js';

const NOW = new Date('2030-05-12T12:00:00Z');
const hours = (count: number) => new Date(NOW.getTime() + count * 3_600_000);

describe('blockOf', () => {
  const ready: Situation = {
    now: NOW,
    account: { usableAt: hours(-1), canTransfer: true },
    isPaused: false,
    inTransit: false,
    retryAt: null,
    notPaid: null,
  };
  it.each<[string, Partial<Situation>, { dueAt: Date; frozen?: FrozenReason }, string | null]>([
    ['nothing in the way', {}, { dueAt: hours(-1) }, null],
    ['due later', {}, { dueAt: hours(5) }, null],
    ['a dispute', {}, { dueAt: hours(5), frozen: 'dispute_open' }, 'dispute_open'],
    ['a refund that is not paid', {}, { dueAt: hours(5), frozen: 'refund_open' }, 'refund_open'],
    ['no account', { account: null }, { dueAt: hours(5) }, 'no_account'],
    [
      'a provider without transfers',
      { account: { usableAt: hours(-1), canTransfer: false } },
      { dueAt: hours(5) },
      'provider_unavailable',
    ],
    [
      'a hold that ends before the date',
      { account: { usableAt: hours(2), canTransfer: true } },
      { dueAt: hours(5) },
      null,
    ],
    [
      'a hold that ends after the date',
      { account: { usableAt: hours(9), canTransfer: true } },
      { dueAt: hours(5) },
      'account_on_hold',
    ],
    ['a restore that is not reconciled', { isPaused: true }, { dueAt: hours(-1) }, 'reconciliation_pending'],
    ['a payout in transit', { inTransit: true }, { dueAt: hours(-1) }, 'payout_in_progress'],
    ['a pause after a failure', { retryAt: hours(1) }, { dueAt: hours(-1) }, 'retry_pending'],
    ['a pause that is over', { retryAt: hours(-1) }, { dueAt: hours(-1) }, null],
    ['too little', { notPaid: 'below_minimum' }, { dueAt: hours(-1) }, 'below_minimum'],
    ['too little, but due later', { notPaid: 'below_minimum' }, { dueAt: hours(1) }, null],
    ['a penalty', { notPaid: 'negative_balance' }, { dueAt: hours(-1) }, 'negative_balance'],
  ])('%s', (_name, situation, { dueAt, frozen = null }, reason) => {
    expect(blockOf({ ...ready, ...situation }, { dueAt, frozen }).reason).toBe(reason);
  });

  it('names the end of a hold', () => {
    const account = { usableAt: hours(9), canTransfer: true };
    expect(blockOf({ ...ready, account }, { dueAt: hours(-1), frozen: null }).blockedUntil).toEqual(hours(9));
  });
});

describe('changeOf', () => {
  const table = {
    in_transit: [null, 'paid', 'failed'],
    paid: [null, null, 'returned'],
    failed: [null, null, null],
  };
  it.each(payoutStatuses)('%s', (status) => {
    expect((['pending', 'paid', 'failed'] as const).map((transfer) => changeOf(status, transfer))).toEqual(
      table[status],
    );
  });
});

describe('referenceProblem', () => {
  it.each([
    ['sandbox', 'acct_host', true],
    ['sandbox', 'acct_x', false],
    ['stripe', 'acct_1032D82eZvKYlo2C', true],
    ['stripe', 'acct_with_under_score', false],
    ['stripe', 'RCP_gx2wn530m0i3w3m', false],
    ['paystack', 'RCP_gx2wn530m0i3w3m', true],
    ['paystack', 'acct_1032D82eZvKYlo2C', false],
    ['paystack', 'RCP_gx2 wn530', false],
    ['paystack', '', false],
  ] as const)('%s %s', (provider, reference, valid) => {
    expect(referenceProblem(provider, reference) === null).toBe(valid);
  });
});
