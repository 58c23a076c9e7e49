import pg from 'pg';

/** A booking in the database of bookings. */
interface BookingRow {
  id: string;
  state: string;
  totalMinor: number;
  /** The refund that is due to the guest: everything if the booking was never confirmed. */
  refundMinor: number;
}

interface IntentCharges {
  intent: string;
  bookingId: string;
  charges: number;
  chargedMinor: number;
  netMinor: number;
}

export interface Databases {
  bookings: pg.Pool;
  payments: pg.Pool;
  sandbox: pg.Pool;
}

export interface Violations {
  doubleCharges: string[];
  orphanCharges: string[];
  confirmedUnpaid: string[];
  notRefunded: string[];
  differentFromPayments: string[];
}

/** Reads the databases of the services and of the provider by SQL, without code of the services. */
export async function violations(databases: Databases): Promise<Violations> {
  const { rows: bookings } = await databases.bookings.query<BookingRow>(
    `SELECT id, state, total_minor::float8 AS "totalMinor", CASE WHEN confirmed_at IS NULL THEN total_minor::float8 ELSE (cancellation->>'refundMinor')::float8 END AS "refundMinor"
     FROM booking`,
  );
  const { rows: charged } = await databases.sandbox.query<IntentCharges>(
    `SELECT i.id AS intent, i.metadata->>'bookingId' AS "bookingId", count(*) FILTER (WHERE kind = 'charge')::int AS charges,
            coalesce(sum(e.amount_minor) FILTER (WHERE kind = 'charge'), 0)::float8 AS "chargedMinor",
            sum(e.amount_minor)::float8 AS "netMinor"
     FROM intent i JOIN book_entry e ON e.intent_id = i.id GROUP BY i.id, i.metadata`,
  );
  const { rows: payments } = await databases.payments.query<{
    ref: string;
    captured: number;
    refunded: number;
  }>(
    `SELECT provider_ref AS ref, captured_minor::float8 AS captured, refunded_minor::float8 AS refunded FROM payment
     WHERE provider_ref IS NOT NULL`,
  );
  const byBooking = Map.groupBy(charged, ({ bookingId }) => bookingId);
  const net = (id: string) => (byBooking.get(id) ?? []).reduce((sum, { netMinor }) => sum + netMinor, 0);
  const bookingsById = new Map(bookings.map((booking) => [booking.id, booking]));
  const paymentsByRef = new Map(payments.map((payment) => [payment.ref, payment]));
  return {
    doubleCharges: [...byBooking]
      .filter(([, intents]) => intents.reduce((sum, { charges }) => sum + charges, 0) > 1)
      .map(([id]) => id),
    orphanCharges: charged
      .filter(({ intent, bookingId }) => !bookingsById.has(bookingId) || !paymentsByRef.has(intent))
      .map(({ intent }) => intent),
    confirmedUnpaid: bookings
      .filter(({ id, state, totalMinor }) => state === 'confirmed' && net(id) !== totalMinor)
      .map(({ id }) => id),
    notRefunded: bookings
      .filter(
        ({ id, state, totalMinor, refundMinor }) =>
          ['cancelled', 'declined', 'expired'].includes(state) &&
          (byBooking.get(id) ?? []).length > 0 &&
          net(id) !== totalMinor - refundMinor,
      )
      .map((booking) => `${JSON.stringify(booking)} has the net charge ${net(booking.id)}`),
    differentFromPayments: charged
      .filter(({ intent, chargedMinor, netMinor }) => {
        const payment = paymentsByRef.get(intent);
        return (
          payment && (payment.captured !== chargedMinor || payment.captured - payment.refunded !== netMinor)
        );
      })
      .map(({ intent }) => intent),
  };
}

/** Counts the unfinished work of Roost. Webhooks that the provider has not sent yet are not included. */
export async function unfinished({ bookings, payments }: Databases): Promise<Record<string, number>> {
  const queries: [string, pg.Pool, string][] = [
    ['operations', payments, `SELECT count(*)::int AS n FROM payment_operation WHERE status = 'pending'`],
    ['webhook events', payments, 'SELECT count(*)::int AS n FROM webhook_event WHERE handled_at IS NULL'],
    ...(
      [
        ['bookings', bookings],
        ['payments', payments],
      ] as const
    ).flatMap(([name, pool]): [string, pg.Pool, string][] => [
      [
        `events of ${name}`,
        pool,
        `SELECT count(*)::int AS n FROM outbox_event
         WHERE (xid, id) > (SELECT xid, id FROM outbox_cursor WHERE sink = 'kafka')`,
      ],
      [`dead letters of ${name}`, pool, 'SELECT count(*)::int AS n FROM dead_letter'],
    ]),
  ];
  const counts: Record<string, number> = {};
  for (const [name, pool, sql] of queries) {
    const { rows } = await pool.query<{ n: number }>(sql);
    if (rows[0]?.n) counts[name] = rows[0].n;
  }
  return counts;
}
