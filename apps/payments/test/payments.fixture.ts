import { randomUUID } from 'node:crypto';
import type { EventBody } from '@roost/contracts';
import {
  testUser,
  eventually,
  expectGolden,
  startTestService,
  type TestService,
  type TestUser,
} from '@roost/testing';
import { payments } from '../src/service.js';
import { startSandboxProcess, type SandboxProcess } from './sandbox.fixture.js';

export type BookingBody = EventBody<'booking.created'>;

export interface PaymentBody extends Record<string, unknown> {
  id: string;
  bookingId: string;
  status: string;
  amountMinor: number;
  capturedMinor: number;
  refundedMinor: number;
  clientSecret: string | null;
  redirectUrl: string | null;
  failureCode: string | null;
}

export interface Reconciled extends Record<string, unknown> {
  balanced: boolean;
  payments: number;
  providerPayments: number;
  movements: number;
  differences: { kind: string; paymentId: string | null; providerRef: string | null }[];
  moreDifferences: number;
  disputes: { id: string; paymentId: string }[];
}

/** Two nights at 100.00 with a cleaning fee of 20.00: 220.00 + 14 % + 10 % tax. */
export function aBooking(
  options: Partial<BookingBody> & { guest?: TestUser; host?: TestUser } = {},
): BookingBody {
  const { guest, host, ...overrides } = options;
  return {
    bookingId: randomUUID(),
    listingId: randomUUID(),
    hostId: host?.id ?? randomUUID(),
    guestId: guest?.id ?? randomUUID(),
    state: 'pending_payment',
    bookingMode: 'instant',
    checkInDate: '2030-05-10',
    checkOutDate: '2030-05-12',
    timeZone: 'America/New_York',
    checkInAt: '2030-05-10T19:00:00.000Z',
    checkOutAt: '2030-05-12T15:00:00.000Z',
    guests: { adults: 2, children: [], infants: 0, pets: 0 },
    currency: 'USD',
    lines: [
      { kind: 'night', date: '2030-05-10', label: 'Night', amountMinor: 10_000 },
      { kind: 'night', date: '2030-05-11', label: 'Night', amountMinor: 10_000 },
      { kind: 'cleaning', date: null, label: 'Cleaning', amountMinor: 2_000 },
      { kind: 'service_fee', date: null, label: 'Service fee', amountMinor: 3_080 },
      { kind: 'tax', date: null, label: 'Tax', amountMinor: 2_200 },
    ],
    totalMinor: 27_280,
    hostPayoutMinor: 21_340,
    platformFeeMinor: 3_740,
    taxMinor: 2_200,
    payoutDueAt: '2030-05-11T19:00:00.000Z',
    holdExpiresAt: new Date(Date.now() + 15 * 60_000).toISOString(),
    ...overrides,
  };
}

export type ChangeBody = EventBody<'booking.change-applied'>;

interface Totals {
  totalMinor: number;
  hostPayoutMinor: number;
  platformFeeMinor: number;
  taxMinor: number;
}

/** The totals of one more night: 320.00 + 14 % + 10 % tax; the host receives 97 % of 320.00. */
export const LONGER: Totals = {
  totalMinor: 39_680,
  hostPayoutMinor: 31_040,
  platformFeeMinor: 5_440,
  taxMinor: 3_200,
};

/** The totals of one night less. */
export const SHORTER: Totals = {
  totalMinor: 14_880,
  hostPayoutMinor: 11_640,
  platformFeeMinor: 2_040,
  taxMinor: 1_200,
};

/** A change of a confirmed booking to other totals, as bookings publishes it before it is applied. */
export function aChange(
  booking: BookingBody,
  newTotals: Totals,
  options: Partial<ChangeBody> = {},
): ChangeBody & { newTotals: Totals } {
  return {
    ...booking,
    state: 'confirmed',
    changeId: randomUUID(),
    by: 'host',
    outcome: null,
    terms: { checkInDate: '2030-05-10', checkOutDate: '2030-05-13', guests: booking.guests },
    differenceMinor: newTotals.totalMinor - booking.totalMinor,
    expiresAt: new Date(Date.now() + 60 * 60_000).toISOString(),
    ...options,
    newTotals,
  };
}

/** Payments on real servers, with the real sandbox provider. */
export async function startPayments(env: Record<string, string> = {}) {
  const sandbox = await startSandboxProcess();
  const service = await startTestService(payments, { env: { ...sandbox.env, ...env } });
  const target = { webhookUrl: `${service.url}/v1/webhooks/sandbox` };
  await sandbox.switches(target);
  return new PaymentsUnderTest(service, sandbox, target);
}

export class PaymentsUnderTest {
  readonly admin = testUser({ roles: ['admin'] });

  constructor(
    public service: TestService,
    readonly sandbox: SandboxProcess,
    private readonly target: { webhookUrl: string },
  ) {}

  switches(switches: object) {
    return this.sandbox.switches({ ...this.target, ...switches });
  }

  /** The payment of a new booking, ready to be confirmed. */
  async givenPayment(options: Parameters<typeof aBooking>[0] & { guest: TestUser }) {
    const booking = aBooking(options);
    await this.service.deliver('booking.created', booking);
    const response = await this.service
      .as(options.guest)
      .get<PaymentBody>(`/v1/bookings/${booking.bookingId}/payment`, { prefer: 'wait=10' });
    expect(response.status).toBe(200);
    return { booking, payment: response.body };
  }

  /** A captured payment of an instant booking. */
  async givenCaptured(guest: TestUser, options: Parameters<typeof aBooking>[0] = {}) {
    const given = await this.givenPayment({ ...options, guest });
    const response = await this.confirm(guest, given.payment.id);
    expect(response).toMatchObject({ status: 200, body: { status: 'captured' } });
    return { booking: given.booking, payment: response.body };
  }

  /** An authorized payment of a request to book. */
  async givenAuthorized(guest: TestUser, options: Parameters<typeof aBooking>[0] = {}) {
    const given = await this.givenPayment({ ...options, guest, bookingMode: 'request' });
    const response = await this.confirm(guest, given.payment.id);
    expect(response).toMatchObject({ status: 200, body: { status: 'authorized' } });
    return { booking: given.booking, payment: response.body };
  }

  /** A confirmed booking with a captured payment. */
  async givenConfirmed(guest: TestUser, options: Parameters<typeof aBooking>[0] = {}) {
    const { booking, payment } = await this.givenCaptured(guest, options);
    const confirmed: BookingBody = { ...booking, state: 'confirmed', holdExpiresAt: null };
    await this.service.deliver('booking.confirmed', { ...confirmed, late: false });
    return { booking: confirmed, payment };
  }

  /** The payment of an accepted change with an additional cost, ready to be confirmed. */
  async givenChangePayment(guest: TestUser, change: ChangeBody) {
    await this.service.deliver('booking.change-accepted', change);
    const path = `/v1/bookings/${change.bookingId}/payment`;
    return eventually(async () => {
      const { body } = await this.service.as(guest).get<PaymentBody>(path);
      const due = { purpose: 'change', status: 'requires_payment_method' };
      expect(body).toMatchObject({ ...due, amountMinor: change.differenceMinor });
      return body;
    });
  }

  /** Applies a change; returns the changed booking. */
  async applied(change: ChangeBody & { newTotals: Totals }): Promise<BookingBody> {
    const { newTotals } = change;
    await this.service.deliver('booking.change-applied', { ...change, ...newTotals, expiresAt: null });
    const {
      changeId: _c,
      by: _b,
      outcome: _o,
      terms: _t,
      differenceMinor: _d,
      newTotals: _n,
      ...booking
    } = change;
    return { ...booking, ...newTotals };
  }

  /** An applied change, with its captured payment if it has an additional cost. */
  async givenChanged(guest: TestUser, booking: BookingBody, totals: Totals) {
    const change = aChange(booking, totals);
    const payment = change.differenceMinor > 0 ? await this.givenChangePayment(guest, change) : null;
    if (payment) expect((await this.confirm(guest, payment.id)).body.status).toBe('captured');
    return { booking: await this.applied(change), change, payment };
  }

  confirm(
    guest: TestUser,
    paymentId: string,
    paymentMethod = 'pm_card_visa',
    headers?: Record<string, string>,
  ) {
    return this.service
      .as(guest)
      .post<PaymentBody>(`/v1/payments/${paymentId}/confirm`, { paymentMethod }, headers);
  }

  async statusOf(guest: TestUser, paymentId: string): Promise<string> {
    return (await this.service.as(guest).get<PaymentBody>(`/v1/payments/${paymentId}`)).body.status;
  }

  becomes(guest: TestUser, paymentId: string, status: string) {
    return eventually(async () => expect(await this.statusOf(guest, paymentId)).toBe(status), {
      seconds: 20,
    });
  }

  async reconcile(): Promise<Reconciled> {
    const response = await this.service.as(this.admin).get<Reconciled>('/v1/admin/reconciliation');
    expect(response.status).toBe(200);
    return response.body;
  }

  /** Waits until all webhooks so far are handled: a later one would contradict a payment that the test has changed. */
  webhooksHandled() {
    return eventually(async () => {
      const sent = await this.sandbox.request<{ data: { lost: boolean; deliveredAt: string | null }[] }>(
        'GET',
        '/control/webhooks',
      );
      expect(sent.data.filter(({ lost, deliveredAt }) => !lost && deliveredAt === null)).toEqual([]);
      const unhandled = 'SELECT type FROM webhook_event WHERE handled_at IS NULL';
      expect(await this.service.query(unhandled)).toEqual([]);
    });
  }

  /** Waits until provider, payments, ledger and bookings agree. */
  agreed() {
    return eventually(
      async () => expect(await this.reconcile()).toMatchObject({ balanced: true, differences: [] }),
      { seconds: 20 },
    );
  }

  /** The balances of a booking by account code, debits minus credits, computed from the movements. */
  async balances(bookingId: string): Promise<Record<string, number>> {
    const rows = await this.service.query<{ code: string; net: number }>(
      `SELECT a.code, sum(CASE WHEN a.id = m.debit_id THEN m.amount_minor ELSE -m.amount_minor END)::float8 AS net
       FROM movement m JOIN ledger_account a ON a.id IN (m.debit_id, m.credit_id) WHERE m.booking_id = $1 GROUP BY a.code`,
      [bookingId],
    );
    return Object.fromEntries(rows.filter((row) => row.net !== 0).map((row) => [row.code, row.net]));
  }

  /** Every published event matches its fixture, which is the input of the consumers' tests. */
  async close() {
    try {
      await expectGolden(this.service);
    } finally {
      await this.service.close();
      await this.sandbox.stop();
    }
  }
}
