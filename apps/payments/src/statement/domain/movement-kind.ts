export const transactionRoles = ['guest', 'host'] as const;
export type TransactionRole = (typeof transactionRoles)[number];

export const transactionKinds = [
  'charge',
  'earning',
  'refund',
  'penalty',
  'claw_back',
  'payout',
  'adjustment',
] as const;
export type TransactionKind = (typeof transactionKinds)[number];

/**
 * The kind of a movement by the first part of its key, which names the business action. A new kind is one line here. For a
 * guest, other movements are not shown; for a host, they are adjustments (transfers between host, platform and tax office).
 */
const PREFIXES: Record<TransactionRole, readonly (readonly [prefix: string, kind: TransactionKind])[]> = {
  guest: [
    ['capture:', 'charge'],
    ['refund:', 'refund'],
  ],
  host: [
    ['capture:', 'earning'],
    ['refund:', 'refund'],
    ['penalty:', 'penalty'],
    ['dispute:', 'claw_back'],
    ['payout:', 'payout'],
  ],
};

const OTHER: Record<TransactionRole, TransactionKind | null> = { guest: null, host: 'adjustment' };

/** Null: not shown in this role. */
export const kindOf = (role: TransactionRole, key: string): TransactionKind | null =>
  PREFIXES[role].find(([prefix]) => key.startsWith(prefix))?.[1] ?? OTHER[role];

/** The prefixes of the keys of a kind, or of every shown kind. `other`: all keys without any of these prefixes instead. */
export function prefixesOf(
  role: TransactionRole,
  kind: TransactionKind | undefined,
): { prefixes: string[]; other: boolean } {
  const all = PREFIXES[role];
  const shown = kind === undefined ? all : all.filter(([, each]) => each === kind);
  const other = kind !== undefined && kind === OTHER[role];
  return { prefixes: (other ? all : shown).map(([prefix]) => prefix), other };
}

/** A movement that undoes an earlier one: a failed refund or payout, or a paid refund that the guest's bank has returned. */
export const isReversal = (key: string): boolean => key.endsWith(':failed') || key.endsWith(':returned');

/** The id of the payment, refund, booking, dispute or payout that caused the movement: the second part of its key. */
export const sourceIdOf = (key: string): string => key.split(':')[1] ?? key;
