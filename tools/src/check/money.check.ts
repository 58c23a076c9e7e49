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
  booking: string;
  purpose: string;
  confirmed: boolean;
  status: string;
  ref: string | null;
  amount: number;
  authorized: number;
  captured: number;
  refunded: number;
  reserved: number;
}

interface RefundRow {
  payment: string;
  succeeded: number;
  open: number;
  /** What an administrator gave, and what of it the host gave up. */
  goodwill: number;
  goodwillOfHost: number;
  forChanges: number;
}

interface IntentRow {
  ref: string;
  payment: string | null;
  status: string;
  authorized: number;
  captured: number;
  refunded: number;
  charges: number;
  charged: number;
  givenBack: number;
}

interface PostedRow {
  payment: string | null;
  booking: string | null;
  clearing: number;
  guest: number;
  refunds: number;
  /** What host, platform and tax office have of it. */
  owed: number;
  host: number;
  penalty: number;
}

/** Bookings, payments, refunds, the provider's own books and the ledger: each number that two of them know. */
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
    `SELECT id, booking_id AS booking, purpose, confirmed, status, provider_ref AS ref, amount_minor::float8 AS amount,
       authorized_minor::float8 AS authorized, captured_minor::float8 AS captured, refunded_minor::float8 AS refunded,
       refund_reserved_minor::float8 AS reserved FROM payment`,
  );
  const refunds = await query<RefundRow>(
    'payments',
    `SELECT payment_id AS payment, coalesce(sum(amount_minor) FILTER (WHERE status = 'succeeded'), 0)::float8 AS succeeded,
       count(*) FILTER (WHERE status <> 'succeeded')::int AS open,
       coalesce(sum(amount_minor) FILTER (WHERE status = 'succeeded' AND cause LIKE 'admin:%'), 0)::float8 AS goodwill,
       coalesce(sum(host_minor) FILTER (WHERE status = 'succeeded' AND cause LIKE 'admin:%'), 0)::float8 AS "goodwillOfHost",
       count(*) FILTER (WHERE cause LIKE 'change:%')::int AS "forChanges" FROM refund GROUP BY 1`,
  );
  const intents = await query<IntentRow>(
    'sandbox',
    `SELECT i.id AS ref, i.metadata ->> 'paymentId' AS payment, i.status, i.authorized_minor::float8 AS authorized,
       i.captured_minor::float8 AS captured, i.refunded_minor::float8 AS refunded, coalesce(b.charges, 0)::int AS charges,
       coalesce(b.charged, 0)::float8 AS charged, coalesce(b.back, 0)::float8 AS "givenBack"
     FROM intent i LEFT JOIN (
       SELECT intent_id, count(*) FILTER (WHERE kind = 'charge') AS charges,
         sum(amount_minor) FILTER (WHERE kind = 'charge') AS charged, sum(abs(amount_minor)) FILTER (WHERE kind = 'refund') AS back
       FROM book_entry GROUP BY 1) b ON b.intent_id = i.id`,
  );
  const posted = await query<PostedRow>(
    'payments',
    `WITH side AS (
       SELECT m.payment_id, m.booking_id, a.code, m.amount_minor AS amount FROM movement m JOIN ledger_account a ON a.id = m.debit_id
       UNION ALL
       SELECT m.payment_id, m.booking_id, a.code, -m.amount_minor FROM movement m JOIN ledger_account a ON a.id = m.credit_id)
     SELECT payment_id AS payment, booking_id AS booking,
       coalesce(sum(amount) FILTER (WHERE code = 'provider_clearing'), 0)::float8 AS clearing,
       coalesce(sum(amount) FILTER (WHERE code = 'guest'), 0)::float8 AS guest,
       coalesce(sum(amount) FILTER (WHERE code = 'refunds'), 0)::float8 AS refunds,
       -coalesce(sum(amount) FILTER (WHERE code IN ('host_payable', 'platform_revenue', 'tax_payable')), 0)::float8 AS owed,
       -coalesce(sum(amount) FILTER (WHERE code = 'host_payable'), 0)::float8 AS host,
       -coalesce(sum(amount) FILTER (WHERE code = 'host_penalty'), 0)::float8 AS penalty
     FROM side GROUP BY 1, 2`,
  );
  return [
    ...checkBookings(bookings, payments, refunds),
    ...checkPayments(payments, refunds),
    ...checkProvider(payments, intents),
    ...checkLedger(bookings, payments, refunds, posted),
  ];
}

const byKey = <T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> => Map.groupBy(rows, key);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** Never confirmed and unpaid, never captured and dead; a cancellation gave back what it said. */
function checkBookings(
  bookings: readonly BookingRow[],
  payments: readonly PaymentRow[],
  refunds: readonly RefundRow[],
): Difference[] {
  const found: Difference[] = [];
  const refundOf = new Map(refunds.map((refund) => [refund.payment, refund]));
  const ofBooking = byKey(payments, ({ booking }) => booking);
  const known = new Set(bookings.map(({ id }) => id));
  for (const { id, booking } of payments) {
    if (!known.has(booking))
      found.push({ rule: 'payment.nobody', about: `payment ${id}`, what: `there is no booking ${booking}` });
  }
  for (const booking of bookings) {
    const own = ofBooking.get(booking.id) ?? [];
    const say = (rule: string, what: string) =>
      found.push({ rule, about: `booking ${booking.id}`, what: `it is ${booking.state}; ${what}` });
    const firsts = own.filter(({ purpose }) => purpose === 'booking').length;
    if (firsts !== 1) say('booking.payments', `it has ${firsts} payments of its own, not 1`);
    const captured = sum(own.map((payment) => payment.captured));
    const first = sum(own.map((payment) => (payment.purpose === 'booking' ? payment.captured : 0)));
    const net = captured - sum(own.map((payment) => payment.refunded));
    if (booking.captured !== first)
      say('booking.captured', `bookings knows of ${booking.captured} captured for it, payments of ${first}`);
    const counting = own.filter(({ purpose, confirmed }) => purpose === 'booking' || confirmed);
    const given = sum(counting.map(({ id }) => refundOf.get(id)?.goodwill ?? 0));
    // What a change costs less may have taken goodwill up: then what is left tells whether it is right.
    const takenUp = counting.some(({ id }) => (refundOf.get(id)?.forChanges ?? 0) > 0);
    if (booking.goodwill > given || (booking.goodwill < given && !takenUp))
      say('booking.goodwill', `bookings knows of ${booking.goodwill} given by hand, payments of ${given}`);
    switch (booking.state) {
      case 'confirmed':
      case 'in_stay':
      case 'completed':
        if (net !== booking.total - booking.goodwill)
          say(
            'booking.unpaid',
            `its total is ${booking.total}, ${booking.goodwill} of it goodwill, its guest has paid ${net}`,
          );
        break;
      case 'awaiting_host':
      case 'awaiting_capture':
        if (sum(own.map((payment) => Math.max(payment.authorized, payment.captured))) < booking.total)
          say('booking.unpaid', `less than its total of ${booking.total} is authorized`);
        break;
      case 'cancelled': {
        const kept = booking.wasConfirmed ? booking.total - booking.refund - booking.goodwill : 0;
        if (net !== kept) say('booking.refund', `${kept} should be kept of what was paid, ${net} is`);
        break;
      }
      default:
        if (net !== 0) say('booking.dead_money', `${net} of its guest's money is still here`);
    }
    const over = ['cancelled', 'declined', 'expired'].includes(booking.state);
    for (const payment of own) {
      if (over && payment.status === 'authorized')
        say('booking.dead_money', `payment ${payment.id} is still authorized`);
    }
  }
  return found;
}

function checkPayments(payments: readonly PaymentRow[], refunds: readonly RefundRow[]): Difference[] {
  const found: Difference[] = [];
  const refundOf = new Map(refunds.map((refund) => [refund.payment, refund]));
  for (const payment of payments) {
    const { succeeded, open } = refundOf.get(payment.id) ?? { succeeded: 0, open: 0 };
    const say = (rule: string, what: string) => found.push({ rule, about: `payment ${payment.id}`, what });
    if (open > 0) say('refund.open', `${open} of its refunds have not succeeded`);
    if (succeeded !== payment.refunded)
      say('refund.sum', `its refunds are ${succeeded} together, it says ${payment.refunded}`);
    if (payment.reserved !== payment.refunded)
      say('refund.reserved', `${payment.reserved} is reserved for refunds, ${payment.refunded} was refunded`);
    if (payment.refunded > payment.captured)
      say('refund.sum', `more was refunded (${payment.refunded}) than captured (${payment.captured})`);
  }
  return found;
}

function checkProvider(payments: readonly PaymentRow[], intents: readonly IntentRow[]): Difference[] {
  const found: Difference[] = [];
  const intentOf = new Map(intents.map((intent) => [intent.ref, intent]));
  const refs = new Set(payments.map(({ ref }) => ref));
  for (const payment of payments) {
    const intent = payment.ref === null ? undefined : intentOf.get(payment.ref);
    const say = (what: string) =>
      found.push({ rule: 'provider.payment', about: `payment ${payment.id}`, what });
    if (!intent) {
      if (payment.captured > 0 || payment.authorized > 0) say('the provider knows nothing of its money');
      continue;
    }
    if (intent.captured !== payment.captured)
      say(`the provider captured ${intent.captured}, we know of ${payment.captured}`);
    if (intent.refunded !== payment.refunded)
      say(`the provider refunded ${intent.refunded}, we know of ${payment.refunded}`);
    if (intent.status === 'requires_capture' && payment.status !== 'authorized')
      say(`the provider holds ${intent.authorized} for it, and it is ${payment.status}`);
  }
  for (const intent of intents) {
    const say = (what: string) =>
      found.push({ rule: 'provider.books', about: `the provider's ${intent.ref}`, what });
    if (!refs.has(intent.ref) && intent.authorized > 0)
      say(`it holds ${intent.authorized} for no payment of ours`);
    if (intent.charges > 1) say(`it was charged ${intent.charges} times`);
    if (intent.charged !== intent.captured)
      say(`${intent.charged} was charged, ${intent.captured} is captured`);
    if (intent.givenBack !== intent.refunded)
      say(`${intent.givenBack} was given back, ${intent.refunded} is refunded`);
  }
  return found;
}

function checkLedger(
  bookings: readonly BookingRow[],
  payments: readonly PaymentRow[],
  refunds: readonly RefundRow[],
  posted: readonly PostedRow[],
): Difference[] {
  const found: Difference[] = [];
  const refundOf = new Map(refunds.map((refund) => [refund.payment, refund]));
  const paymentsOf = byKey(payments, ({ booking }) => booking);
  const ofPayment = byKey(
    posted.filter(({ payment }) => payment !== null),
    ({ payment }) => payment ?? '',
  );
  const ofBooking = byKey(
    posted.filter(({ booking }) => booking !== null),
    ({ booking }) => booking ?? '',
  );
  const total = (rows: readonly PostedRow[] | undefined, what: keyof PostedRow) =>
    sum((rows ?? []).map((row) => Number(row[what])));
  for (const payment of payments) {
    const rows = ofPayment.get(payment.id);
    const net = payment.captured - payment.refunded;
    const say = (what: string) =>
      found.push({ rule: 'ledger.payment', about: `payment ${payment.id}`, what });
    if (total(rows, 'clearing') !== net)
      say(`the ledger has ${total(rows, 'clearing')} at the provider, the payment ${net}`);
    if (total(rows, 'owed') !== net)
      say(`the ledger owes ${total(rows, 'owed')} to host, platform and tax office of ${net}`);
    if (total(rows, 'guest') !== 0) say(`${total(rows, 'guest')} of what the guest paid belongs to nobody`);
    if (total(rows, 'refunds') !== 0) say(`${-total(rows, 'refunds')} is owed to the guest and not refunded`);
    ofPayment.delete(payment.id);
  }
  for (const id of ofPayment.keys())
    found.push({
      rule: 'ledger.payment',
      about: `payment ${id}`,
      what: 'the ledger has movements of no payment',
    });
  for (const booking of bookings) {
    const rows = ofBooking.get(booking.id);
    const say = (what: string) => found.push({ rule: 'ledger.host', about: `booking ${booking.id}`, what });
    if (total(rows, 'penalty') !== booking.penalty)
      say(`its host owes a penalty of ${booking.penalty}, the ledger has ${total(rows, 'penalty')}`);
    if (!['confirmed', 'in_stay', 'completed'].includes(booking.state)) continue;
    const own = paymentsOf.get(booking.id) ?? [];
    const given = own.map(({ id }) => refundOf.get(id)?.goodwillOfHost ?? 0);
    // After goodwill a change is settled in proportion of what is left, not to what each should have.
    const inProportion =
      sum(given) > 0 &&
      own.some(({ purpose, id }) => purpose === 'change' || (refundOf.get(id)?.forChanges ?? 0) > 0);
    if (!inProportion && total(rows, 'host') !== booking.hostPayout - sum(given))
      say(
        `its host gets ${booking.hostPayout} less ${sum(given)} of goodwill, the ledger owes ${total(rows, 'host')}`,
      );
  }
  return found;
}
