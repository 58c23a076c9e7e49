import {
  type BookingRow,
  checkBookings,
  type PaymentRow,
  readBookingMoney,
  type RefundRow,
} from './booking-money.check.js';
import type { Difference, Sources } from './difference.js';

interface IntentRow {
  id: string;
  status: string;
  authorized: number;
  captured: number;
  refunded: number;
  charges: number;
  charged: number;
  refundEntries: number;
}

interface BalanceRow {
  paymentId: string | null;
  bookingId: string | null;
  clearing: number;
  guest: number;
  refunds: number;
  /** The sum of the accounts of host, platform and tax. */
  payable: number;
  host: number;
  penalty: number;
}

/** Compares the amounts that bookings, payments, refunds, the provider and the ledger store. All in minor units. */
export async function checkMoney({ query }: Sources): Promise<Difference[]> {
  const { bookings, payments, refunds } = await readBookingMoney(query);
  const intents = await query<IntentRow>(
    'sandbox',
    `SELECT i.id, i.status, i.authorized_minor::float8 AS authorized,
       i.captured_minor::float8 AS captured, i.refunded_minor::float8 AS refunded, coalesce(b.charges, 0)::int AS charges,
       coalesce(b.charged, 0)::float8 AS charged, coalesce(b.refunded, 0)::float8 AS "refundEntries"
     FROM intent i LEFT JOIN (
       SELECT intent_id, count(*) FILTER (WHERE kind = 'charge') AS charges,
         sum(amount_minor) FILTER (WHERE kind = 'charge') AS charged, -sum(amount_minor) FILTER (WHERE kind = 'refund') AS refunded
       FROM book_entry GROUP BY 1) b ON b.intent_id = i.id`,
  );
  const balances = await query<BalanceRow>(
    'payments',
    `WITH posting AS (
       SELECT m.payment_id, m.booking_id, a.code, m.amount_minor AS amount FROM movement m JOIN ledger_account a ON a.id = m.debit_id
       UNION ALL
       SELECT m.payment_id, m.booking_id, a.code, -m.amount_minor FROM movement m JOIN ledger_account a ON a.id = m.credit_id)
     SELECT payment_id AS "paymentId", booking_id AS "bookingId",
       coalesce(sum(amount) FILTER (WHERE code = 'provider_clearing'), 0)::float8 AS clearing,
       coalesce(sum(amount) FILTER (WHERE code = 'guest'), 0)::float8 AS guest,
       coalesce(sum(amount) FILTER (WHERE code = 'refunds'), 0)::float8 AS refunds,
       -coalesce(sum(amount) FILTER (WHERE code IN ('host_payable', 'platform_revenue', 'tax_payable')), 0)::float8 AS payable,
       -coalesce(sum(amount) FILTER (WHERE code = 'host_payable'), 0)::float8 AS host,
       -coalesce(sum(amount) FILTER (WHERE code = 'host_penalty'), 0)::float8 AS penalty
     FROM posting GROUP BY 1, 2`,
  );
  return [
    ...checkBookings({ bookings, payments, refunds }),
    ...checkPayments(payments, refunds),
    ...checkProvider(payments, intents),
    ...checkLedger(bookings, payments, refunds, balances),
  ];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

function checkPayments(payments: readonly PaymentRow[], refunds: readonly RefundRow[]): Difference[] {
  const differences: Difference[] = [];
  const refundsByPayment = new Map(refunds.map((refund) => [refund.paymentId, refund]));
  for (const payment of payments) {
    const { succeeded, open } = refundsByPayment.get(payment.id) ?? { succeeded: 0, open: 0 };
    const report = (rule: string, description: string) =>
      differences.push({ rule, subject: `payment ${payment.id}`, description });
    if (open > 0) report('refund.open', `${open} of its refunds have not succeeded`);
    if (succeeded !== payment.refunded)
      report('refund.sum', `the sum of its refunds is ${succeeded}, it stores ${payment.refunded}`);
    if (payment.reserved !== payment.refunded)
      report(
        'refund.reserved',
        `${payment.reserved} is reserved for refunds, ${payment.refunded} is refunded`,
      );
    if (payment.refunded > payment.captured)
      report('refund.sum', `${payment.refunded} is refunded, more than the captured ${payment.captured}`);
  }
  return differences;
}

function checkProvider(payments: readonly PaymentRow[], intents: readonly IntentRow[]): Difference[] {
  const differences: Difference[] = [];
  const intentById = new Map(intents.map((intent) => [intent.id, intent]));
  const providerRefs = new Set(payments.map(({ providerRef }) => providerRef));
  for (const payment of payments) {
    const intent = payment.providerRef === null ? undefined : intentById.get(payment.providerRef);
    const report = (description: string) =>
      differences.push({ rule: 'provider.payment', subject: `payment ${payment.id}`, description });
    if (!intent) {
      if (payment.captured > 0 || payment.authorized > 0) report('the provider has no intent for its amount');
      continue;
    }
    if (intent.captured !== payment.captured)
      report(`the provider captured ${intent.captured}, payments stores ${payment.captured}`);
    const refunded = payment.refunded - payment.outOfBand;
    if (intent.refunded !== refunded)
      report(`the provider refunded ${intent.refunded}, payments stores ${refunded}`);
    if (intent.status === 'requires_capture' && payment.status !== 'authorized')
      report(`the provider holds ${intent.authorized}, and the payment is ${payment.status}`);
  }
  for (const intent of intents) {
    const report = (description: string) =>
      differences.push({ rule: 'provider.books', subject: `intent ${intent.id}`, description });
    if (!providerRefs.has(intent.id) && intent.authorized > 0)
      report(`it holds ${intent.authorized} without a payment`);
    if (intent.charges > 1) report(`it was charged ${intent.charges} times`);
    if (intent.charged !== intent.captured)
      report(`${intent.charged} was charged, ${intent.captured} is captured`);
    if (intent.refundEntries !== intent.refunded)
      report(`its refund entries are ${intent.refundEntries}, ${intent.refunded} is refunded`);
  }
  return differences;
}

function checkLedger(
  bookings: readonly BookingRow[],
  payments: readonly PaymentRow[],
  refunds: readonly RefundRow[],
  balances: readonly BalanceRow[],
): Difference[] {
  const differences: Difference[] = [];
  const refundsByPayment = new Map(refunds.map((refund) => [refund.paymentId, refund]));
  const paymentsByBooking = Map.groupBy(payments, ({ bookingId }) => bookingId);
  const balancesByPayment = Map.groupBy(balances, ({ paymentId }) => paymentId);
  const balancesByBooking = Map.groupBy(balances, ({ bookingId }) => bookingId);
  const total = (rows: readonly BalanceRow[] | undefined, column: keyof BalanceRow) =>
    sum((rows ?? []).map((row) => Number(row[column])));
  for (const payment of payments) {
    const rows = balancesByPayment.get(payment.id);
    const net = payment.captured - payment.refunded;
    const [clearing, payable] = [total(rows, 'clearing'), total(rows, 'payable')];
    const [guest, refundable] = [total(rows, 'guest'), -total(rows, 'refunds')];
    const report = (description: string) =>
      differences.push({ rule: 'ledger.payment', subject: `payment ${payment.id}`, description });
    const atProvider = net + payment.outOfBand;
    if (clearing !== atProvider)
      report(`the ledger has ${clearing} at the provider, the payment ${atProvider}`);
    if (payable !== net) report(`the ledger owes ${payable} to host, platform and tax office of ${net}`);
    if (guest !== 0) report(`${guest} of the amount paid by the guest is not distributed`);
    if (refundable !== 0) report(`${refundable} is owed to the guest and not refunded`);
    balancesByPayment.delete(payment.id);
  }
  balancesByPayment.delete(null);
  for (const id of balancesByPayment.keys())
    differences.push({
      rule: 'ledger.payment',
      subject: `payment ${id}`,
      description: 'the ledger has movements of a missing payment',
    });
  for (const booking of bookings) {
    const rows = balancesByBooking.get(booking.id);
    const report = (description: string) =>
      differences.push({ rule: 'ledger.host', subject: `booking ${booking.id}`, description });
    if (total(rows, 'penalty') !== booking.penalty)
      report(`its host owes a penalty of ${booking.penalty}, the ledger has ${total(rows, 'penalty')}`);
    if (!['confirmed', 'in_stay', 'completed'].includes(booking.state)) continue;
    const own = paymentsByBooking.get(booking.id) ?? [];
    const goodwill = sum(own.map(({ id }) => refundsByPayment.get(id)?.hostGoodwill ?? 0));
    // After goodwill, a change is divided in proportion to the remaining amounts, not to the original amounts.
    const isProportional =
      goodwill > 0 &&
      own.some(
        ({ purpose, id }) => purpose === 'change' || (refundsByPayment.get(id)?.changeRefunds ?? 0) > 0,
      );
    if (!isProportional && total(rows, 'host') !== booking.hostPayout - goodwill)
      report(
        `its host payout is ${booking.hostPayout} less ${goodwill} of goodwill, the ledger owes ${total(rows, 'host')}`,
      );
  }
  return differences;
}
