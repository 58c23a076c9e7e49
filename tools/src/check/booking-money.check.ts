import type { Difference, Sources } from './difference.js';

export interface BookingRow {
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

export interface PaymentRow {
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
  /** The part of the refunded amount that the provider has not paid. */
  outOfBand: number;
  /** What a guest's bank has returned of refunds. Such refunds are reduced by it. */
  returnedByBank: number;
}

export interface RefundRow {
  paymentId: string;
  succeeded: number;
  open: number;
  /** Refunds by an administrator, and the share that the host bears. */
  goodwill: number;
  hostGoodwill: number;
  /** What a guest's bank has returned of refunds by an administrator that were never paid: bookings has not heard of them. */
  uncountedReturnedByBank: number;
  /** The number of refunds for changes. */
  changeRefunds: number;
}

export interface BookingMoney {
  bookings: readonly BookingRow[];
  payments: readonly PaymentRow[];
  refunds: readonly RefundRow[];
}

/** Ids after the first and up to the second; null: without this bound. */
interface IdRange {
  after: string | null;
  upTo: string | null;
}

const ALL: IdRange = { after: null, upTo: null };
const BATCH_SIZE = 10_000;

/** A refund that was paid, whether or not the guest's bank returned it: bookings has counted it. */
const PAID = `(status = 'succeeded' OR paid_at IS NOT NULL)`;
const GOODWILL = `cause LIKE 'admin:%' AND ${PAID}`;
/** Repeats a refund that bookings has counted. */
const REPEATS_PAID = `EXISTS (SELECT FROM refund a WHERE a.payment_id = r.payment_id AND a.paid_at IS NOT NULL
  AND starts_with(r.cause, a.cause || '/retry'))`;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

function within(column: string, { after, upTo }: IdRange): string {
  const lower = after === null ? 'true' : `${column} > '${after}'`;
  return `WHERE ${lower}${upTo === null ? '' : ` AND ${column} <= '${upTo}'`}`;
}

/** The amounts that bookings, payments and refunds store. The range is that of the bookings. */
export async function readBookingMoney(
  query: Sources['query'],
  range = ALL,
  limit = 'ALL',
): Promise<BookingMoney> {
  const bookings = await query<BookingRow>(
    'bookings',
    `SELECT id, state, total_minor::float8 AS total, captured_minor::float8 AS captured,
       host_payout_minor::float8 AS "hostPayout", confirmed_at IS NOT NULL AS "wasConfirmed",
       coalesce((cancellation ->> 'refundMinor')::float8, 0) AS refund,
       goodwill_minor::float8 AS goodwill,
       coalesce((cancellation ->> 'hostPenaltyMinor')::float8, 0) AS penalty FROM booking
     ${within('id', range)} ORDER BY id LIMIT ${limit}`,
  );
  const isLast = limit === 'ALL' || bookings.length < Number(limit);
  const owned = { after: range.after, upTo: isLast ? null : (bookings.at(-1)?.id ?? null) };
  const payments = await query<PaymentRow>(
    'payments',
    `SELECT id, booking_id AS "bookingId", purpose, confirmed, status, provider_ref AS "providerRef", amount_minor::float8 AS amount,
       authorized_minor::float8 AS authorized, captured_minor::float8 AS captured, refunded_minor::float8 AS refunded,
       refund_reserved_minor::float8 AS reserved, refunded_out_of_band_minor::float8 AS "outOfBand",
       dispute_offset_minor::float8 AS "returnedByBank"
     FROM payment ${within('booking_id', owned)}`,
  );
  const refunds = await query<RefundRow>(
    'payments',
    `SELECT payment_id AS "paymentId", coalesce(sum(amount_minor) FILTER (WHERE status = 'succeeded'), 0)::float8 AS succeeded,
       count(*) FILTER (WHERE status <> 'succeeded')::int AS open,
       coalesce(sum(amount_minor) FILTER (WHERE ${GOODWILL} AND NOT ${REPEATS_PAID}), 0)::float8 AS goodwill,
       coalesce(sum(host_minor) FILTER (WHERE status = 'succeeded' AND cause LIKE 'admin:%'), 0)::float8 AS "hostGoodwill",
       coalesce(sum(offset_minor) FILTER (WHERE cause LIKE 'admin:%' AND NOT ${PAID} AND NOT ${REPEATS_PAID}), 0)::float8
         AS "uncountedReturnedByBank",
       count(*) FILTER (WHERE cause LIKE 'change:%')::int AS "changeRefunds" FROM refund r
     WHERE payment_id IN (SELECT id FROM payment ${within('booking_id', owned)}) GROUP BY 1`,
  );
  return { bookings, payments, refunds };
}

/** Compares the bookings with their payments and refunds, in batches. Concurrent work can be reported as a difference. */
export async function checkBookingMoney(
  query: Sources['query'],
): Promise<{ bookings: number; differences: Difference[] }> {
  const differences: Difference[] = [];
  let bookings = 0;
  for (let after: string | null = null; ;) {
    const batch = await readBookingMoney(query, { after, upTo: null }, String(BATCH_SIZE));
    differences.push(...checkBookings(batch));
    bookings += batch.bookings.length;
    if (batch.bookings.length < BATCH_SIZE) return { bookings, differences };
    after = batch.bookings.at(-1)?.id ?? null;
  }
}

/** What a guest's bank has returned of the refunds of a payment that bookings knows. */
const countedReturnOf = ({ returnedByBank }: PaymentRow, refunds: RefundRow | undefined): number =>
  returnedByBank - (refunds?.uncountedReturnedByBank ?? 0);

/** What is left of a payment after its refunds, of which the guest's bank may have returned a part by a lost dispute. */
const retainedOf = (payment: PaymentRow, refunds: RefundRow | undefined): number =>
  payment.captured - payment.refunded - countedReturnOf(payment, refunds);

/** Every confirmed booking is paid, no ended booking holds money, and a cancellation refunds the promised amount. */
export function checkBookings({ bookings, payments, refunds }: BookingMoney): Difference[] {
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
    // A free booking has no payment; a change can add the first one.
    const isUnpaid = own.length === 0 && booking.total > 0;
    if (first.length > 1 || isUnpaid)
      report('booking.payments', `it has ${first.length} payments for itself, not 1`);
    const firstCaptured = sum(first.map(({ captured }) => captured));
    const net = sum(own.map((payment) => retainedOf(payment, refundsByPayment.get(payment.id))));
    if (booking.captured !== firstCaptured)
      report('booking.captured', `bookings stores ${booking.captured} captured, payments ${firstCaptured}`);
    const effective = own.filter(({ purpose, confirmed }) => purpose === 'booking' || confirmed);
    const goodwill = sum(effective.map(({ id }) => refundsByPayment.get(id)?.goodwill ?? 0));
    // A change with a lower price can use up goodwill; the net amount below then shows whether the sums are right. The bank
    // may have returned the whole refund of the change, so that it has no row.
    const usedUp = effective.some((payment) => {
      const refund = refundsByPayment.get(payment.id);
      return (refund?.changeRefunds ?? 0) > 0 || countedReturnOf(payment, refund) > 0;
    });
    if (booking.goodwill > goodwill || (booking.goodwill < goodwill && !usedUp))
      report('booking.goodwill', `bookings stores ${booking.goodwill} of goodwill, payments ${goodwill}`);
    // Refunds wait for the bank's decision: until then, the guest must only not have got too much.
    const isDisputed = own.some(({ status }) => status === 'disputed');
    // A change or cancellation can also use up goodwill that bookings has not heard of, because the bank returned it first.
    const uncounted = sum(own.map(({ id }) => refundsByPayment.get(id)?.uncountedReturnedByBank ?? 0));
    const differs = (due: number) => net < due || (!isDisputed && net > due + uncounted);
    switch (booking.state) {
      case 'confirmed':
      case 'in_stay':
      case 'completed':
        if (differs(booking.total - booking.goodwill))
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
        if (differs(retained)) report('booking.refund', `the retained amount is ${net}, not ${retained}`);
        break;
      }
      default:
        if (differs(0)) report('booking.money_after_end', `${net} is not refunded`);
    }
    const ended = ['cancelled', 'declined', 'expired'].includes(booking.state);
    for (const payment of own) {
      if (ended && payment.status === 'authorized')
        report('booking.money_after_end', `payment ${payment.id} is still authorized`);
    }
  }
  return differences;
}
