import { randomUUID } from 'node:crypto';
import type { EventBody } from '@roost/contracts';
import {
  aUser,
  eventually,
  expectLikeGolden,
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
}

/** Two nights at 100.00 with a cleaning fee of 20.00: 220.00 + 14 % + 10 % tax. */
export function aBooking(
  options: Partial<BookingBody> & { guest?: TestUser; host?: TestUser } = {},
): BookingBody {
  const { guest, host, ...given } = options;
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
    ...given,
  };
}

export type ChangeBody = EventBody<'booking.change-applied'>;

interface Totals {
  totalMinor: number;
  hostPayoutMinor: number;
  platformFeeMinor: number;
  taxMinor: number;
}

/** A night more: 320.00 + 14 % + 10 % tax, of which the host gets 97 %. */
export const LONGER: Totals = {
  totalMinor: 39_680,
  hostPayoutMinor: 31_040,
  platformFeeMinor: 5_440,
  taxMinor: 3_200,
};

/** A night less. */
export const SHORTER: Totals = {
  totalMinor: 14_880,
  hostPayoutMinor: 11_640,
  platformFeeMinor: 2_040,
  taxMinor: 1_200,
};

/** A change of a confirmed booking to other totals, as bookings tells of it until it is applied. */
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

/** Payments on real parts, with the real sandbox provider beside it. */
export async function startPayments(env: Record<string, string> = {}) {
  const sandbox = await startSandboxProcess();
  const service = await startTestService(payments, { env: { ...sandbox.env, ...env } });
  const hears = { webhookUrl: `${service.url}/v1/webhooks/sandbox` };
  await sandbox.switches(hears);
  return new PaymentsUnderTest(service, sandbox, hears);
}

export class PaymentsUnderTest {
  readonly admin = aUser({ roles: ['admin'] });

  constructor(
    readonly service: TestService,
    readonly sandbox: SandboxProcess,
    private readonly hears: { webhookUrl: string },
  ) {}

  switches(switches: object) {
    return this.sandbox.switches({ ...this.hears, ...switches });
  }

  /** The payment of a new booking, ready to be paid. */
  async givenPayment(options: Parameters<typeof aBooking>[0] & { guest: TestUser }) {
    const booking = aBooking(options);
    await this.service.deliver('booking.created', booking);
    const answer = await this.service
      .as(options.guest)
      .get<PaymentBody>(`/v1/bookings/${booking.bookingId}/payment`, { prefer: 'wait=10' });
    expect(answer.status).toBe(200);
    return { booking, payment: answer.body };
  }

  /** A payment whose money has been taken (instant book). */
  async givenCaptured(guest: TestUser, options: Parameters<typeof aBooking>[0] = {}) {
    const given = await this.givenPayment({ ...options, guest });
    const answer = await this.confirm(guest, given.payment.id);
    expect(answer).toMatchObject({ status: 200, body: { status: 'captured' } });
    return { booking: given.booking, payment: answer.body };
  }

  /** A payment whose money is held for a request to book. */
  async givenAuthorized(guest: TestUser, options: Parameters<typeof aBooking>[0] = {}) {
    const given = await this.givenPayment({ ...options, guest, bookingMode: 'request' });
    const answer = await this.confirm(guest, given.payment.id);
    expect(answer).toMatchObject({ status: 200, body: { status: 'authorized' } });
    return { booking: given.booking, payment: answer.body };
  }

  /** A booking that is confirmed and paid. */
  async givenConfirmed(guest: TestUser, options: Parameters<typeof aBooking>[0] = {}) {
    const { booking, payment } = await this.givenCaptured(guest, options);
    const confirmed: BookingBody = { ...booking, state: 'confirmed', holdExpiresAt: null };
    await this.service.deliver('booking.confirmed', { ...confirmed, late: false });
    return { booking: confirmed, payment };
  }

  /** The payment of an accepted change that costs more, ready to be paid. */
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

  /** Bookings has applied a change: the booking as it is from now on. */
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

  /** An applied change, with its payment where it costs more. */
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
    const answer = await this.service.as(this.admin).get<Reconciled>('/v1/admin/reconciliation');
    expect(answer.status).toBe(200);
    return answer.body;
  }

  /** Provider, payments, ledger and bookings all say the same. */
  agreed() {
    return eventually(
      async () => expect(await this.reconcile()).toMatchObject({ balanced: true, differences: [] }),
      { seconds: 20 },
    );
  }

  /** Balances by account code of everything that belongs to a booking, straight from the movements. */
  async balances(bookingId: string): Promise<Record<string, number>> {
    const rows = await this.service.query<{ code: string; net: number }>(
      `SELECT a.code, sum(CASE WHEN a.id = m.debit_id THEN m.amount_minor ELSE -m.amount_minor END)::float8 AS net
       FROM movement m JOIN ledger_account a ON a.id IN (m.debit_id, m.credit_id) WHERE m.booking_id = $1 GROUP BY a.code`,
      [bookingId],
    );
    return Object.fromEntries(rows.filter((row) => row.net !== 0).map((row) => [row.code, row.net]));
  }

  /** Whatever a spec was about: what it had published is what consumers are tested with. */
  async close() {
    try {
      await expectLikeGolden(this.service);
    } finally {
      await this.service.close();
      await this.sandbox.stop();
    }
  }
}
