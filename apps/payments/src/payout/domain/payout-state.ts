export const payoutStatuses = ['in_transit', 'paid', 'failed'] as const;
export type PayoutStatus = (typeof payoutStatuses)[number];

/** What the provider's state of a transfer does to a payout. `returned`: money that was paid came back. */
export type PayoutChange = 'paid' | 'failed' | 'returned' | null;

type TransferStatus = 'pending' | 'paid' | 'failed';

const changes: Record<PayoutStatus, Record<TransferStatus, PayoutChange>> = {
  in_transit: { pending: null, paid: 'paid', failed: 'failed' },
  paid: { pending: null, paid: null, failed: 'returned' },
  // A transfer that the provider reported as failed and later as paid is left to reconciliation.
  failed: { pending: null, paid: null, failed: null },
};

export const changeOf = (status: PayoutStatus, transfer: TransferStatus): PayoutChange =>
  changes[status][transfer];
