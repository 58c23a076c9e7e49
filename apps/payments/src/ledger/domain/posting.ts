import { allocate, sum } from '@roost/money';

/** The accounts of the ledger. Those of a person carry their id. */
export const accountCodes = [
  'guest',
  'provider_clearing',
  'provider_fees',
  'host_payable',
  'host_penalty',
  'platform_revenue',
  'tax_payable',
  'refunds',
  'payout_in_transit',
  'dispute_reserve',
] as const;
export type AccountCode = (typeof accountCodes)[number];

export interface Account {
  code: AccountCode;
  ownerId: string | null;
}

export interface Leg {
  debit: Account;
  credit: Account;
  amountMinor: number;
}

/** Who a payment belongs to, in parts that add up to it. */
export interface Split {
  hostMinor: number;
  platformMinor: number;
  taxMinor: number;
}

const of = (code: AccountCode, ownerId: string | null = null): Account => ({ code, ownerId });
const nonZero = (legs: Leg[]) => legs.filter((leg) => leg.amountMinor > 0);

interface Parties {
  guestId: string;
  hostId: string;
}

/** The guest's money is at the provider, and owed to the host, the platform and the tax office. */
export function captureLegs({ guestId, hostId }: Parties, split: Split): Leg[] {
  const guest = of('guest', guestId);
  const totalMinor = split.hostMinor + split.platformMinor + split.taxMinor;
  return nonZero([
    { debit: of('provider_clearing'), credit: guest, amountMinor: totalMinor },
    { debit: guest, credit: of('host_payable', hostId), amountMinor: split.hostMinor },
    { debit: guest, credit: of('platform_revenue'), amountMinor: split.platformMinor },
    { debit: guest, credit: of('tax_payable'), amountMinor: split.taxMinor },
  ]);
}

/** A refund is decided: it is owed to the guest by those who give it up. */
export function refundReservedLegs({ hostId }: Pick<Parties, 'hostId'>, split: Split): Leg[] {
  const refunds = of('refunds');
  return nonZero([
    { debit: of('host_payable', hostId), credit: refunds, amountMinor: split.hostMinor },
    { debit: of('platform_revenue'), credit: refunds, amountMinor: split.platformMinor },
    { debit: of('tax_payable'), credit: refunds, amountMinor: split.taxMinor },
  ]);
}

/** The provider has given the money back. */
export function refundPaidLegs(amountMinor: number): Leg[] {
  return nonZero([{ debit: of('refunds'), credit: of('provider_clearing'), amountMinor }]);
}

/** The provider will not: those who gave it up have it again. */
export function refundFailedLegs({ hostId }: Pick<Parties, 'hostId'>, split: Split): Leg[] {
  return refundReservedLegs({ hostId }, split).map(({ debit, credit, amountMinor }) => ({
    debit: credit,
    credit: debit,
    amountMinor,
  }));
}

/** A host who cancels owes a part of the stay; kept from what is paid out next. */
export function penaltyLegs({ hostId }: Pick<Parties, 'hostId'>, amountMinor: number): Leg[] {
  return nonZero([{ debit: of('host_payable', hostId), credit: of('host_penalty', hostId), amountMinor }]);
}

/** A part of what a payment brought belongs to somebody else from now on. */
export function moveLeg(
  { hostId }: Pick<Parties, 'hostId'>,
  move: { from: keyof Split; to: keyof Split; amountMinor: number },
): Leg {
  const accounts: Record<keyof Split, Account> = {
    hostMinor: of('host_payable', hostId),
    platformMinor: of('platform_revenue'),
    taxMinor: of('tax_payable'),
  };
  return { debit: accounts[move.from], credit: accounts[move.to], amountMinor: move.amountMinor };
}

/** Cuts an amount out of what is left of a split, each part in proportion, none below nothing. */
export function takeFrom(left: Split, amountMinor: number): Split {
  const weights = [left.hostMinor, left.platformMinor, left.taxMinor];
  if (amountMinor > sum(weights)) throw new RangeError('more is taken than is left');
  const [hostMinor = 0, platformMinor = 0, taxMinor = 0] = allocate(amountMinor, weights);
  return { hostMinor, platformMinor, taxMinor };
}

/**
 * Who gives up a refund. `kept` says what each is to keep of it all, as the rules of the booking worked it out; where
 * that does not fit the amount (an operator's refund, one after another) each gives up in proportion.
 */
export function refundSplit(left: Split, amountMinor: number, kept: Split | null): Split {
  if (!kept) return takeFrom(left, amountMinor);
  const given = {
    hostMinor: left.hostMinor - kept.hostMinor,
    platformMinor: left.platformMinor - kept.platformMinor,
    taxMinor: left.taxMinor - kept.taxMinor,
  };
  const parts = [given.hostMinor, given.platformMinor, given.taxMinor];
  const fits = parts.every((part) => part >= 0) && sum(parts) === amountMinor;
  return fits ? given : takeFrom(left, amountMinor);
}
