import type { Difference, Sources } from './difference.js';

interface BookingRow {
  id: string;
  state: string;
  total: number;
  captured: number;
  hostPayout: number;
  wasConfirmed: boolean;
  refund: number;
  goodwill: number;
  penalty: number;
}

interface PaymentRow {
  id: string;
  bookingId: string;
  purpose: string;
  confirmed: boolean;
  status: string;
  providerRef: string | null;
  amount: number;
  authorized: number;
  captured: number;
  refunded: number;
  reserved: number;
}

interface RefundRow {
  paymentId: string;
  succeeded: number;
  open: number;
  /** Refunds by an administrator, and the share that the host bears. */
  goodwill: number;
  hostGoodwill: number;
  /** The number of refunds for changes. */
  changeRefunds: number;
}

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
  const bookings = await query<BookingRow>(
    'bookings',
    `SELECT id, state, total_minor::float8 AS total, captured_minor::float8 AS captured,
       host_payout_minor::float8 AS "hostPayout", confirmed_at IS NOT NULL AS "wasConfirmed",
       coalesce((cancellation ->> 'refundMinor')::float8, 0) AS refund,
       goodwill_minor::float8 AS goodwill,
       coalesce((cancellation ->> 'hostPenaltyMinor')::float8, 0) AS penalty FROM booking`,
  );
  const payments = await query<PaymentRow>(
    'payments',
    `SELECT id, booking_id AS "bookingId", purpose, confirmed, status, provider_ref AS "providerRef", amount_minor::float8 AS amount,
       authorized_minor::float8 AS authorized, captured_minor::float8 AS captured, refunded_minor::float8 AS refunded,
       refund_reserved_minor::float8 AS reserved FROM payment`,
  );
  const refunds = await query<RefundRow>(
    'payments',
    `SELECT payment_id AS "paymentId", coalesce(sum(amount_minor) FILTER (WHERE status = 'succeeded'), 0)::float8 AS succeeded,
       count(*) FILTER (WHERE status <> 'succeeded')::int AS open,
       coalesce(sum(amount_minor) FILTER (WHERE status = 'succeeded' AND cause LIKE 'admin:%'), 0)::float8 AS goodwill,
       coalesce(sum(host_minor) FILTER (WHERE status = 'succeeded' AND cause LIKE 'admin:%'), 0)::float8 AS "hostGoodwill",
       count(*) FILTER (WHERE cause LIKE 'change:%')::int AS "changeRefunds" FROM refund GROUP BY 1`,
  );
  const intents = await query<IntentRow>(
    'sandbox',
    `SELECT i.id, i.status, i.authorized_minor::float8 AS authorized,
       i.captured_minor::float8 AS captured, i.refunded_minor::float8 AS refunded, coalesce(b.charges, 0)::int AS charges,
       coalesce(b.charged, 0)::float8 AS charged, coalesce(b.refunded, 0)::float8 AS "refundEntries"
     FROM intent i LEFT JOIN (
       SELECT intent_id, count(*) FILTER (WHERE kind = 'charge') AS charges,
         sum(amount_minor) FILTER (WHERE kind = 'charge') AS charged, sum(abs(amount_minor)) FILTER (WHERE kind = 'refund') AS refunded
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
    ...checkBookings(bookings, payments, refunds),
    ...checkPayments(payments, refunds),
    ...checkProvider(payments, intents),
    ...checkLedger(bookings, payments, refunds, balances),
  ];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Every confirmed booking is paid, no ended booking holds money, and a cancellation refunds the promised amount. */
function checkBookings(
  bookings: readonly BookingRow[],
  payments: readonly PaymentRow[],
  refunds: readonly RefundRow[],
): Difference[] {
  const differences: Difference[] = [];
  const refundsByPayment = new Map(refunds.map((refund) => [refund.paymentId, refund]));
  const paymentsByBooking = Map.groupBy(payments, ({ bookingId }) => bookingId);
  const bookingIds = new Set(bookings.map(({ id }) => id));
  for (const { id, bookingId } of payments) {
    if (!bookingIds.has(bookingId))
      differences.push({
        rule: 'payment.no_booking',
        subject: `payment ${id}`,
        description: `the booking ${bookingId} does not exist`,
      });
  }
  for (const booking of bookings) {
    const own = paymentsByBooking.get(booking.id) ?? [];
    const report = (rule: string, description: string) =>
      differences.push({
        rule,
        subject: `booking ${booking.id}`,
        description: `it is ${booking.state}; ${description}`,
      });
    const first = own.filter(({ purpose }) => purpose === 'booking');
    if (first.length !== 1) report('booking.payments', `it has ${first.length} payments for itself, not 1`);
    const firstCaptured = sum(first.map(({ captured }) => captured));
    const net = sum(own.map(({ captured, refunded }) => captured - refunded));
    if (booking.captured !== firstCaptured)
      report('booking.captured', `bookings stores ${booking.captured} captured, payments ${firstCaptured}`);
    const effective = own.filter(({ purpose, confirmed }) => purpose === 'booking' || confirmed);
    const goodwill = sum(effective.map(({ id }) => refundsByPayment.get(id)?.goodwill ?? 0));
    // A change with a lower price can use up goodwill; the net amount below then shows whether the sums are right.
    const usedUp = effective.some(({ id }) => (refundsByPayment.get(id)?.changeRefunds ?? 0) > 0);
    if (booking.goodwill > goodwill || (booking.goodwill < goodwill && !usedUp))
      report('booking.goodwill', `bookings stores ${booking.goodwill} of goodwill, payments ${goodwill}`);
    switch (booking.state) {
      case 'confirmed':
      case 'in_stay':
      case 'completed':
        if (net !== booking.total - booking.goodwill)
          report(
            'booking.unpaid',
            `its total is ${booking.total} less ${booking.goodwill} of goodwill, its guest has paid ${net}`,
          );
        break;
      case 'awaiting_host':
      case 'awaiting_capture':
        if (sum(own.map((payment) => Math.max(payment.authorized, payment.captured))) < booking.total)
          report('booking.unpaid', `less than its total of ${booking.total} is authorized`);
        break;
      case 'cancelled': {
        const retained = booking.wasConfirmed ? booking.total - booking.refund - booking.goodwill : 0;
        if (net !== retained) report('booking.refund', `the retained amount is ${net}, not ${retained}`);
        break;
      }
      default:
        if (net !== 0) report('booking.money_after_end', `${net} is not refunded`);
    }
    const ended = ['cancelled', 'declined', 'expired'].includes(booking.state);
    for (const payment of own) {
      if (ended && payment.status === 'authorized')
        report('booking.money_after_end', `payment ${payment.id} is still authorized`);
    }
  }
  return differences;
}

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
    if (intent.refunded !== payment.refunded)
      report(`the provider refunded ${intent.refunded}, payments stores ${payment.refunded}`);
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
    if (clearing !== net) report(`the ledger has ${clearing} at the provider, the payment ${net}`);
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
