import type { FrozenReason, NotPaid } from './payout-plan.js';

export const payoutReasons = [
  'no_account',
  'account_on_hold',
  'provider_unavailable',
  'reconciliation_pending',
  'dispute_open',
  'refund_open',
  'payout_in_progress',
  'retry_pending',
  'below_minimum',
  'negative_balance',
] as const;
export type PayoutReason = (typeof payoutReasons)[number];

export interface Situation {
  now: Date;
  /** Null: the host has no account for the currency. */
  account: { usableAt: Date; canTransfer: boolean } | null;
  /** After a restore from a backup. */
  isPaused: boolean;
  inTransit: boolean;
  /** After a failed payout. */
  retryAt: Date | null;
  /** Why the due amounts of the host are not paid; null if they are. */
  notPaid: NotPaid | null;
}

export interface Block {
  reason: PayoutReason | null;
  /** The instant at which the reason ends, if it is certain. */
  blockedUntil: Date | null;
}

const NOT_BLOCKED: Block = { reason: null, blockedUntil: null };

/** Why an upcoming amount is not paid, or will not be paid at its date. */
export function blockOf(situation: Situation, amount: { dueAt: Date; frozen: FrozenReason | null }): Block {
  const { now, account, retryAt } = situation;
  if (amount.frozen) return { reason: amount.frozen, blockedUntil: null };
  if (!account) return { reason: 'no_account', blockedUntil: null };
  if (!account.canTransfer) return { reason: 'provider_unavailable', blockedUntil: null };
  if (account.usableAt > now && account.usableAt > amount.dueAt) {
    return { reason: 'account_on_hold', blockedUntil: account.usableAt };
  }
  if (amount.dueAt > now) return NOT_BLOCKED;
  if (situation.isPaused) return { reason: 'reconciliation_pending', blockedUntil: null };
  if (situation.inTransit) return { reason: 'payout_in_progress', blockedUntil: null };
  if (retryAt && retryAt > now) return { reason: 'retry_pending', blockedUntil: retryAt };
  const { notPaid } = situation;
  return notPaid === null || notPaid === 'nothing_due'
    ? NOT_BLOCKED
    : { reason: notPaid, blockedUntil: null };
}
