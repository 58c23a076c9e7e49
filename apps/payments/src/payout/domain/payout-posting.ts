import type { Account, Leg } from '../../ledger/domain/posting.js';

const payable = (hostId: string): Account => ({ code: 'host_payable', ownerId: hostId });
const inTransit = (hostId: string): Account => ({ code: 'payout_in_transit', ownerId: hostId });
const clearing: Account = { code: 'provider_clearing', ownerId: null };

/** A line of a payout: what the host is owed for a booking is on its way. A deduction is the reverse. */
export const lineLegs = (hostId: string, amountMinor: number): Leg[] =>
  amountMinor > 0
    ? [{ debit: payable(hostId), credit: inTransit(hostId), amountMinor }]
    : [{ debit: inTransit(hostId), credit: payable(hostId), amountMinor: -amountMinor }];

/** The payout has failed: the host is owed the amount again. */
export const reversedLineLegs = (hostId: string, amountMinor: number): Leg[] =>
  lineLegs(hostId, -amountMinor);

/** The provider has paid the host. */
export const paidLegs = (hostId: string, amountMinor: number): Leg[] => [
  { debit: inTransit(hostId), credit: clearing, amountMinor },
];

/** The provider took a paid transfer back. */
export const returnedLegs = (hostId: string, amountMinor: number): Leg[] => [
  { debit: clearing, credit: inTransit(hostId), amountMinor },
];
