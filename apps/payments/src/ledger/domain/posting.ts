import { allocate, sum } from '@roost/money';

/** The accounts of the ledger. Accounts of a person carry the person's id. */
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
  'platform_bank',
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

/** The shares of a payment by party; they add up to its amount. */
export interface Split {
  hostMinor: number;
  platformMinor: number;
  taxMinor: number;
}

const account = (code: AccountCode, ownerId: string | null = null): Account => ({ code, ownerId });
const nonZero = (legs: Leg[]) => legs.filter((leg) => leg.amountMinor > 0);

interface Parties {
  guestId: string;
  hostId: string;
}

/** A capture: the provider holds the guest's money, which is owed to the host, the platform and the tax office. */
export function captureLegs({ guestId, hostId }: Parties, split: Split): Leg[] {
  const guest = account('guest', guestId);
  const totalMinor = split.hostMinor + split.platformMinor + split.taxMinor;
  return nonZero([
    { debit: account('provider_clearing'), credit: guest, amountMinor: totalMinor },
    { debit: guest, credit: account('host_payable', hostId), amountMinor: split.hostMinor },
    { debit: guest, credit: account('platform_revenue'), amountMinor: split.platformMinor },
    { debit: guest, credit: account('tax_payable'), amountMinor: split.taxMinor },
  ]);
}

/** A reserved refund: each party owes its share to the guest. */
export function refundReservedLegs({ hostId }: Pick<Parties, 'hostId'>, split: Split): Leg[] {
  const refunds = account('refunds');
  return nonZero([
    { debit: account('host_payable', hostId), credit: refunds, amountMinor: split.hostMinor },
    { debit: account('platform_revenue'), credit: refunds, amountMinor: split.platformMinor },
    { debit: account('tax_payable'), credit: refunds, amountMinor: split.taxMinor },
  ]);
}

/** The provider has paid the refund. */
export function refundPaidLegs(amountMinor: number): Leg[] {
  return nonZero([{ debit: account('refunds'), credit: account('provider_clearing'), amountMinor }]);
}

/** The platform has paid the refund from its own bank account: the money stays at the provider, for the platform. */
export function refundPaidOutOfBandLegs(amountMinor: number): Leg[] {
  return [{ debit: account('refunds'), credit: account('platform_bank'), amountMinor }];
}

/** The guest's bank has returned a paid refund to the provider: the refund is owed again. */
export function refundReturnedLegs(amountMinor: number): Leg[] {
  return nonZero([{ debit: account('provider_clearing'), credit: account('refunds'), amountMinor }]);
}

/** The provider has rejected the refund: the reservation is reversed. */
export function refundFailedLegs({ hostId }: Pick<Parties, 'hostId'>, split: Split): Leg[] {
  return refundReservedLegs({ hostId }, split).map(({ debit, credit, amountMinor }) => ({
    debit: credit,
    credit: debit,
    amountMinor,
  }));
}

/** A dispute is opened: the provider withholds the amount until the bank has decided. */
export function disputeOpenedLegs(amountMinor: number): Leg[] {
  return [{ debit: account('dispute_reserve'), credit: account('provider_clearing'), amountMinor }];
}

/** A dispute is won: the provider returns the amount. */
export function disputeWonLegs(amountMinor: number): Leg[] {
  return [{ debit: account('provider_clearing'), credit: account('dispute_reserve'), amountMinor }];
}

/** A dispute is lost: the share of each party is deducted. The platform bears the excess, which was paid to the guest twice. */
export function disputeLostLegs(
  { hostId }: Pick<Parties, 'hostId'>,
  shares: Split & { excessMinor: number },
): Leg[] {
  const reserve = account('dispute_reserve');
  return nonZero([
    { debit: account('host_payable', hostId), credit: reserve, amountMinor: shares.hostMinor },
    { debit: account('platform_revenue'), credit: reserve, amountMinor: shares.platformMinor },
    { debit: account('tax_payable'), credit: reserve, amountMinor: shares.taxMinor },
    { debit: account('platform_revenue'), credit: reserve, amountMinor: shares.excessMinor },
  ]);
}

/** The parties bear a part of a lost dispute whose excess the platform bore: it gets back their shares. */
export function excessCoveredLegs({ hostId }: Pick<Parties, 'hostId'>, shares: Split): Leg[] {
  const credit = account('platform_revenue');
  return nonZero([
    { debit: account('host_payable', hostId), credit, amountMinor: shares.hostMinor },
    { debit: account('tax_payable'), credit, amountMinor: shares.taxMinor },
  ]);
}

/** The penalty of a host who cancels: deducted from the host's next payouts. */
export function penaltyLegs({ hostId }: Pick<Parties, 'hostId'>, amountMinor: number): Leg[] {
  return nonZero([
    { debit: account('host_payable', hostId), credit: account('host_penalty', hostId), amountMinor },
  ]);
}

/** A part of a captured payment is transferred from one party to another. */
export function transferLeg(
  { hostId }: Pick<Parties, 'hostId'>,
  transfer: { from: keyof Split; to: keyof Split; amountMinor: number },
): Leg {
  const accounts: Record<keyof Split, Account> = {
    hostMinor: account('host_payable', hostId),
    platformMinor: account('platform_revenue'),
    taxMinor: account('tax_payable'),
  };
  return {
    debit: accounts[transfer.from],
    credit: accounts[transfer.to],
    amountMinor: transfer.amountMinor,
  };
}

/** Splits an amount in proportion to the remaining shares. Throws a RangeError for more than the remaining total. */
export function takeInProportion(remaining: Split, amountMinor: number): Split {
  const parts = [remaining.hostMinor, remaining.platformMinor, remaining.taxMinor];
  // The platform can have given more than its share: the others bear the rest.
  const weights = parts.map((part) => Math.max(0, part));
  if (amountMinor > sum(parts)) throw new RangeError('the amount exceeds the remaining split');
  const [hostMinor = 0, platformMinor = 0, taxMinor = 0] = allocate(amountMinor, weights);
  return { hostMinor, platformMinor, taxMinor };
}

/**
 * The share of each party in a refund. `retained` is the amount that each party retains under the booking's cancellation
 * terms. Where it does not fit the amount (an operator's refund, or several refunds), the refund is split in proportion.
 */
export function refundSplit(remaining: Split, amountMinor: number, retained: Split | null): Split {
  if (!retained) return takeInProportion(remaining, amountMinor);
  const refund = {
    hostMinor: remaining.hostMinor - retained.hostMinor,
    platformMinor: remaining.platformMinor - retained.platformMinor,
    taxMinor: remaining.taxMinor - retained.taxMinor,
  };
  const parts = [refund.hostMinor, refund.platformMinor, refund.taxMinor];
  const fits = parts.every((part) => part >= 0) && sum(parts) === amountMinor;
  return fits ? refund : takeInProportion(remaining, amountMinor);
}
