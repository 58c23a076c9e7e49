import { eventually, testUser, type TestUser } from '@roost/testing';
import { Disputes } from './dispute.fixture.js';
import { type BookingBody, type PaymentsUnderTest, startPayments } from './payments.fixture.js';

/** The domain time at which each test begins: nine days before check-in. */
export const START = '2030-05-01T12:00:00.000Z';
/** 24 hours after check-in. */
export const DUE = '2030-05-11T19:00:00.000Z';
/** The host's share of a booking. */
export const SHARE = 21_340;

export interface PayoutBody extends Record<string, unknown> {
  id: string | null;
  status: string;
  amountMinor: number;
  currency: string;
  dueAt: string;
  reason: string | null;
  blockedUntil: string | null;
  failureCode: string | null;
  bookings: { bookingId: string; amountMinor: number }[];
}

export interface AdminPayoutBody extends PayoutBody {
  hostId: string;
  providerRef: string | null;
  attempt: number;
  retryAt: string | null;
}

interface Transfer {
  id: string;
  status: string;
  amountMinor: number;
  destination: string;
  metadata: { payoutId: string };
}

interface TransferPage {
  data: Transfer[];
  nextAfter: number | null;
}

/** A stay of more nights with the same amounts. */
export const stayOf = (nights: number): Partial<BookingBody> => {
  const checkOut = new Date(Date.UTC(2030, 4, 10 + nights)).toISOString().slice(0, 10);
  return { checkOutDate: checkOut, checkOutAt: `${checkOut}T15:00:00.000Z` };
};

/** Payments on real servers, and the payouts of hosts. */
export class PayoutsUnderTest {
  private constructor(readonly payments: PaymentsUnderTest) {}

  static async start(env: Record<string, string> = {}): Promise<PayoutsUnderTest> {
    return new PayoutsUnderTest(await startPayments(env));
  }

  get service() {
    return this.payments.service;
  }

  get sandbox() {
    return this.payments.sandbox;
  }

  /** A host at the start of domain time, with a payout account by default. */
  async givenHost(options: { currency?: string; account?: boolean } = {}): Promise<TestUser> {
    const { currency = 'USD', account = true } = options;
    await this.service.clock.set(START);
    const host = testUser({ roles: ['host'] });
    if (account) expect((await this.setAccount(host, { currency })).status).toBe(200);
    return host;
  }

  setAccount(host: TestUser, body: object = {}) {
    const account = {
      provider: 'sandbox',
      currency: 'USD',
      reference: `acct_${host.id.slice(0, 8)}`,
      ...body,
    };
    return this.service.as(host).put('/v1/me/payout-account', account);
  }

  /** A confirmed and paid booking of the host. */
  async givenStay(host: TestUser, options: Partial<BookingBody> = {}): Promise<BookingBody> {
    const guest = testUser();
    const holdExpiresAt = '2031-01-01T00:00:00.000Z';
    const { booking } = await this.payments.givenConfirmed(guest, { host, holdExpiresAt, ...options });
    return booking;
  }

  /** The booking is cancelled: the host keeps `kept`, everything else is refunded. */
  async cancel(booking: BookingBody, kept = 0, hostPenaltyMinor = 0): Promise<void> {
    await this.service.deliver('booking.cancelled', {
      ...booking,
      state: 'cancelled',
      hostPayoutMinor: kept,
      platformFeeMinor: 0,
      taxMinor: 0,
      by: hostPenaltyMinor > 0 ? 'host' : 'guest',
      refundMinor: booking.totalMinor - kept,
      refundLines: [],
      hostPenaltyMinor,
    });
  }

  async payoutsOf(host: TestUser, query = ''): Promise<PayoutBody[]> {
    const response = await this.service
      .as(host)
      .get<{ data: PayoutBody[] }>(`/v1/me/payouts?limit=100${query}`);
    expect(response.status).toBe(200);
    return response.body.data;
  }

  /** Waits until the host has these payouts, newest first, without the upcoming ones. */
  async becomes(host: TestUser, expected: [status: string, amountMinor: number][]): Promise<PayoutBody[]> {
    return eventually(async () => {
      const payouts = (await this.payoutsOf(host)).filter(({ id }) => id !== null);
      expect(payouts.map(({ status, amountMinor }) => [status, amountMinor])).toEqual(expected);
      return payouts;
    });
  }

  async upcoming(host: TestUser): Promise<[amountMinor: number, reason: string | null][]> {
    const payouts = await this.payoutsOf(host, '&status=upcoming');
    return payouts.map(({ amountMinor, reason }) => [amountMinor, reason]);
  }

  /** The transfers at the provider to the accounts of a host, in order. */
  async transfersTo(host: TestUser): Promise<Transfer[]> {
    const all: Transfer[] = [];
    for (let after: number | null = 0; after !== null;) {
      const path = `/v1/transfers?limit=100&after=${after}`;
      const page: TransferPage = await this.sandbox.request<TransferPage>('GET', path);
      all.push(...page.data);
      after = page.nextAfter;
    }
    return all.filter(({ destination }) => destination.startsWith(`acct_${host.id.slice(0, 8)}`));
  }

  /** Waits for the only transfer to a host: its payout is stored before the provider is called. */
  async transferTo(host: TestUser): Promise<Transfer> {
    return eventually(async () => {
      const transfers = await this.transfersTo(host);
      expect(transfers).toHaveLength(1);
      return transfers[0]!;
    });
  }

  /** The outcome of the next transfers. */
  plan(outcome: 'paid' | 'failed' | 'pending', times = 1) {
    return this.sandbox.request('PUT', '/control/transfers', { outcome, times });
  }

  async adminList(query = ''): Promise<AdminPayoutBody[]> {
    const path = `/v1/admin/payouts?limit=100${query}`;
    const response = await this.service.as(this.payments.admin).get<{ data: AdminPayoutBody[] }>(path);
    expect(response.status).toBe(200);
    return response.body.data;
  }

  retry(payoutId: string | null | undefined) {
    const path = `/v1/admin/payouts/${payoutId}/retry`;
    return this.service.as(this.payments.admin).post<AdminPayoutBody>(path, { reason: 'New account' });
  }

  /** The balance of the host's account in the ledger: what Roost owes to the host. */
  async owed(host: TestUser, code = 'host_payable'): Promise<number> {
    const [row] = await this.service.query<{ owed: number }>(
      `SELECT coalesce(sum(CASE WHEN a.id = m.credit_id THEN m.amount_minor ELSE -m.amount_minor END), 0)::float8 AS owed
       FROM movement m JOIN ledger_account a ON a.id IN (m.debit_id, m.credit_id)
       WHERE a.code = $1 AND a.owner_id = $2`,
      [code, host.id],
    );
    return row?.owed ?? 0;
  }

  /** The money at the provider in US dollars, by the ledger. */
  async clearing(): Promise<number> {
    const [row] = await this.service.query<{ net: number }>(
      `SELECT coalesce(sum(CASE WHEN a.id = m.debit_id THEN m.amount_minor ELSE -m.amount_minor END), 0)::float8 AS net
       FROM movement m JOIN ledger_account a ON a.id IN (m.debit_id, m.credit_id)
       WHERE a.code = 'provider_clearing' AND a.currency = 'USD'`,
    );
    return row?.net ?? 0;
  }

  /** The money at the provider in US dollars, by its own books. */
  async providerBalance(): Promise<number> {
    const { data } = await this.sandbox.request<{ data: { currency: string; amountMinor: number }[] }>(
      'GET',
      '/v1/books',
    );
    return data
      .filter(({ currency }) => currency === 'USD')
      .reduce((total, { amountMinor }) => total + amountMinor, 0);
  }

  /** Opens a dispute of the payment of a booking. Returns the function by which the bank decides for the host. */
  async givenDispute(booking: BookingBody): Promise<() => Promise<unknown>> {
    // A refund in progress may leave nothing to dispute.
    const [payment] = await eventually(async () => {
      const rows = await this.service.query<{ id: string; status: string }>(
        `SELECT id, status, EXISTS (SELECT FROM payment_operation o WHERE o.payment_id = p.id AND o.status = 'pending')
           AS pending FROM payment p WHERE booking_id = $1`,
        [booking.bookingId],
      );
      expect(rows).toMatchObject([{ pending: false }]);
      return rows;
    });
    if (!payment || !['captured', 'partially_refunded'].includes(payment.status))
      return () => Promise.resolve();
    const disputes = new Disputes(this.payments);
    await disputes.advance(payment.id, 'open');
    await this.disputesOf(payment.id, 1);
    return async () => {
      await disputes.advance(payment.id, 'won');
      await this.disputesOf(payment.id, 0);
    };
  }

  /** Waits until a payment has this number of open disputes. */
  private disputesOf(paymentId: string, count: number) {
    return eventually(async () =>
      expect(
        await this.service.query(`SELECT FROM dispute WHERE payment_id = $1 AND closed_at IS NULL`, [
          paymentId,
        ]),
      ).toHaveLength(count),
    );
  }

  close(): Promise<void> {
    return this.payments.close();
  }
}
