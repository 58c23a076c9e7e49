import {
  disputeBody,
  type FakeTransaction,
  ok,
  type PaystackState,
  refundBody,
  refuse,
  type Reply,
  transactionBody,
  transferBody,
} from './paystack-state.js';

type Body = Record<string, unknown>;

/** The documented minimums in subunits. */
const MINIMUMS: Record<string, number> = { NGN: 5_000, GHS: 10, ZAR: 100, KES: 300, USD: 200, XOF: 100 };

const subunits = (value: unknown): number | null =>
  /^[1-9]\d{0,14}$/.test(String(value)) ? Number(value) : null;

function amountFault(amount: number | null, currency: string): Reply | null {
  const minimum = MINIMUMS[currency];
  if (minimum === undefined) return refuse(400, 'Currency not supported by merchant', 'unsupported_currency');
  if (amount === null || amount < minimum) return refuse(400, 'Invalid Amount Sent', 'invalid_amount');
  // A franc has no hundredths, but is counted in them.
  return currency === 'XOF' && amount % 100 !== 0
    ? refuse(400, 'Invalid Amount Sent', 'invalid_amount')
    : null;
}

export function initialize(state: PaystackState, url: string, body: Body): Reply {
  const { reference, email, callback_url: callbackUrl } = body;
  const currency = String(body.currency ?? 'NGN');
  const amount = subunits(body.amount);
  if (!/^[^\s@]+@[^\s@]+\.[a-z]{2,}$/.test(String(email))) {
    return refuse(400, 'Invalid Email Address Passed', 'invalid_email_address');
  }
  const fault = amountFault(amount, currency);
  if (fault) return fault;
  if (!/^[\w.=-]{1,200}$/.test(String(reference))) {
    return refuse(400, 'Invalid character in transaction reference', 'invalid_reference');
  }
  if (state.byReference(String(reference))) {
    return refuse(400, 'Duplicate Transaction Reference', 'duplicate_reference');
  }
  const transaction: FakeTransaction = {
    id: state.newId(),
    reference: String(reference),
    accessCode: state.newCode(''),
    status: 'abandoned',
    amount: amount ?? 0,
    currency,
    email: String(email),
    callbackUrl: typeof callbackUrl === 'string' ? new URL(callbackUrl).href : null,
    metadata: body.metadata ?? '',
  };
  state.transactions.push(transaction);
  return ok('Authorization URL created', {
    authorization_url: `${url}/checkout/${transaction.accessCode}`,
    access_code: transaction.accessCode,
    reference: transaction.reference,
  });
}

export function verifyTransaction(state: PaystackState, reference: string): Reply {
  const transaction = state.byReference(reference);
  if (!transaction) return refuse(400, 'Transaction reference not found.', 'transaction_not_found');
  return ok('Verification successful', transactionBody(transaction));
}

export function createRefund(state: PaystackState, body: Body): Reply {
  const transaction = state.transaction(body.transaction);
  if (!transaction) return refuse(404, 'Transaction not found', 'transaction_not_found');
  if (transaction.status === 'reversed') return refuse(400, 'Transaction has been fully reversed');
  if (transaction.status !== 'success') return refuse(400, 'Transaction is not successful');
  const amount = body.amount === undefined ? transaction.amount : subunits(body.amount);
  if (amount === null) return refuse(400, 'Amount must be an integer');
  if (transaction.currency === 'USD' && amount < 100) return refuse(400, 'Cannot refund less than USD 1');
  if (amount > state.refundable(transaction)) {
    return refuse(400, 'Refund amount cannot be more than the transaction amount');
  }
  if (amount > state.balance) {
    return refuse(400, 'Insufficient balance to fulfill this refund. Please top up.');
  }
  state.balance -= amount;
  const refund = {
    id: state.newId(),
    transaction: transaction.id,
    amount,
    currency: transaction.currency,
    status: 'pending' as const,
    merchantNote: typeof body.merchant_note === 'string' ? body.merchant_note : null,
    dispute: null,
  };
  state.refunds.push(refund);
  return ok('Refund has been queued for processing', {
    ...refundBody(refund),
    transaction: transactionBody(transaction),
  });
}

export function createTransfer(state: PaystackState, status: string, body: Body): Reply {
  const { source, recipient, reference, currency } = body;
  const amount = subunits(body.amount);
  if (source !== 'balance') return refuse(400, 'Source must be balance');
  if (amount === null) return refuse(400, 'Invalid amount passed.');
  if (!state.recipients.has(String(recipient))) return refuse(400, 'Recipient specified is invalid');
  if (!/^[a-z\d_-]{16,50}$/.test(String(reference))) {
    return refuse(400, 'Your reference contains illegal special characters');
  }
  if (state.transfers.some((each) => each.reference === reference)) {
    return refuse(400, 'Please provide a unique reference. Reference already exists on a transfer');
  }
  if (amount > state.balance) {
    return refuse(400, 'Your balance is not enough to fulfil this request', 'insufficient_balance');
  }
  state.balance -= amount;
  const transfer = {
    id: state.newId(),
    reference: String(reference),
    recipient: String(recipient),
    amount,
    currency: String(currency),
    status,
  };
  state.transfers.push(transfer);
  return ok('Transfer has been queued', transferBody(transfer, false));
}

function verifyTransfer(state: PaystackState, reference: string): Reply {
  const transfer = state.transfers.find((each) => each.reference === reference);
  return transfer
    ? ok('Transfer retrieved', transferBody(transfer, true))
    : refuse(404, 'Transfer not found', 'not_found');
}

function readDispute(state: PaystackState, id: string): Reply {
  const dispute = state.disputes.find((each) => String(each.id) === id);
  return dispute ? ok('Dispute retrieved', disputeBody(dispute, state)) : refuse(404, 'Dispute not found');
}

const createdAtOf = (entry: { created_at?: string; createdAt?: string }) =>
  entry.created_at ?? entry.createdAt ?? '';

function page(entries: readonly object[], query: URLSearchParams): Reply {
  const perPage = Number(query.get('perPage') ?? 50);
  const number = Number(query.get('page') ?? 1);
  const from = query.get('from');
  const newestFirst = entries.toReversed().filter((entry) => from === null || createdAtOf(entry) >= from);
  return ok('Retrieved', newestFirst.slice((number - 1) * perPage, number * perPage));
}

export function read(state: PaystackState, { pathname, searchParams }: URL): Reply {
  const [, root, kind, key] = pathname.split('/').map(decodeURIComponent);
  switch (root) {
    case 'transaction':
      if (kind === 'verify') return verifyTransaction(state, key ?? '');
      return page(state.transactions.map(transactionBody), searchParams);
    case 'refund': {
      const transaction = searchParams.get('transaction');
      const refunds = state.refunds.filter(
        (each) => !transaction || String(each.transaction) === transaction,
      );
      return page(refunds.map(refundBody), searchParams);
    }
    case 'transfer':
      if (kind === 'verify') return verifyTransfer(state, key ?? '');
      return page(
        state.transfers.map((each) => transferBody(each, true)),
        searchParams,
      );
    case 'dispute':
      if (kind) return readDispute(state, kind);
      return page(
        state.disputes.map((each) => disputeBody(each, state)),
        searchParams,
      );
    default:
      return refuse(404, 'Not found', 'not_found');
  }
}
