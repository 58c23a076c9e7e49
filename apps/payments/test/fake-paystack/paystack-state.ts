import { randomBytes } from 'node:crypto';

/** A response of Paystack: its HTTP status and body. */
export interface Reply {
  status: number;
  body: object;
}

export const ok = (message: string, data: unknown): Reply => ({
  status: 200,
  body: { status: true, message, data },
});
export const refuse = (status: number, message: string, code?: string): Reply => ({
  status,
  body: { status: false, message, ...(code === undefined ? {} : { type: 'validation_error', code }) },
});

export interface FakeTransaction {
  id: number;
  reference: string;
  accessCode: string;
  status: string;
  amount: number;
  /** Where it differs from the paid amount. */
  requestedAmount?: number;
  currency: string;
  email: string;
  callbackUrl: string | null;
  metadata: unknown;
}

export interface FakeRefund {
  id: number;
  transaction: number;
  amount: number;
  currency: string;
  status: 'pending' | 'processing' | 'processed' | 'failed' | 'needs-attention';
  merchantNote: string | null;
  dispute: number | null;
}

export interface FakeTransfer {
  id: number;
  reference: string;
  recipient: string;
  amount: number;
  currency: string;
  status: string;
}

export interface FakeDispute {
  id: number;
  transaction: number;
  refundAmount: number;
  status: string;
  resolution: string | null;
  dueAt: string | null;
}

/** The stored objects of one account. */
export class PaystackState {
  readonly transactions: FakeTransaction[] = [];
  readonly refunds: FakeRefund[] = [];
  readonly transfers: FakeTransfer[] = [];
  readonly disputes: FakeDispute[] = [];
  readonly recipients = new Set<string>();
  /** In subunits, for refunds and transfers. */
  balance = 1_000_000_000;
  private lastId = 1_000_000_000;

  newId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  newCode(prefix: string): string {
    return prefix + randomBytes(8).toString('hex');
  }

  byReference(reference: string): FakeTransaction | undefined {
    return this.transactions.find((each) => each.reference === reference);
  }

  /** By reference or id, as `/refund` accepts both. */
  transaction(key: unknown): FakeTransaction | undefined {
    return this.transactions.find((each) => each.reference === key || String(each.id) === String(key));
  }

  /** The amount of a transaction that no refund has reserved. */
  refundable(transaction: FakeTransaction): number {
    const refunds = this.refunds.filter(
      (each) => each.transaction === transaction.id && each.status !== 'failed',
    );
    return transaction.amount - refunds.reduce((total, { amount }) => total + amount, 0);
  }
}

const CREATED_AT = '2030-01-01T00:00:00.000Z';

export const transactionBody = (transaction: FakeTransaction) => ({
  id: transaction.id,
  domain: 'test',
  status: transaction.status,
  reference: transaction.reference,
  amount: transaction.amount,
  requested_amount: transaction.requestedAmount ?? transaction.amount,
  message: null,
  gateway_response: transaction.status === 'success' ? 'Successful' : 'The transaction was not completed',
  channel: 'card',
  currency: transaction.currency,
  metadata: transaction.metadata,
  customer: { id: 1, email: transaction.email, customer_code: 'CUS_test' },
  created_at: CREATED_AT,
});

export const refundBody = (refund: FakeRefund) => ({
  id: refund.id,
  domain: 'test',
  transaction: refund.transaction,
  dispute: refund.dispute,
  amount: refund.amount,
  currency: refund.currency,
  status: refund.status,
  merchant_note: refund.merchantNote,
  customer_note: 'Refund',
  created_at: CREATED_AT,
});

export const transferBody = (transfer: FakeTransfer, expanded: boolean) => ({
  id: transfer.id,
  domain: 'test',
  source: 'balance',
  reference: transfer.reference,
  transfer_code: `TRF_${transfer.id}`,
  amount: transfer.amount,
  currency: transfer.currency,
  status: transfer.status,
  recipient: expanded ? { recipient_code: transfer.recipient, type: 'nuban' } : 28,
  createdAt: CREATED_AT,
});

export const disputeBody = (dispute: FakeDispute, state: PaystackState) => {
  const transaction = state.transaction(dispute.transaction);
  if (!transaction) throw new Error('a dispute without a transaction');
  return {
    id: dispute.id,
    refund_amount: dispute.refundAmount,
    currency: transaction.currency,
    status: dispute.status,
    resolution: dispute.resolution,
    category: 'chargeback',
    dueAt: dispute.dueAt,
    transaction: transactionBody(transaction),
    createdAt: CREATED_AT,
  };
};
