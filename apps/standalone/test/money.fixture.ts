import { randomUUID } from 'node:crypto';
import { eventually, expectProblem, TestClient, type TestResponse } from '@roost/testing';
import { type Env, freshEnvironment, stopAll } from './launcher.js';
import { Operator } from './operator.fixture.js';
import { aPublishedListing } from './published-listing.js';

const CONFIRMATIONS = 200;
const REFUNDS = 50;
const REFUND_MINOR = 700;
const TIMEOUT = { seconds: 60 };

interface Booking {
  id: string;
  state: string;
  totalMinor: number;
}

interface Payment {
  id: string;
  status: string;
  capturedMinor: number;
}

/** The money of bookings through the gateway, in either mode. Each step ends with the agreement of all books. */
class MoneyScenario {
  private daysAhead = 10;

  private constructor(
    private readonly operator: Operator,
    private readonly guest: TestClient,
    private readonly admin: TestClient,
    private readonly listingId: string,
  ) {}

  static async prepare(anyone: TestClient, operator: Operator): Promise<MoneyScenario> {
    const as = async (...roles: string[]): Promise<TestClient> => {
      const made = await anyone.post<{ accessToken: string }>('/dev/users', { roles, emailVerified: true });
      return anyone.with({ authorization: `Bearer ${made.body.accessToken}` });
    };
    const listingId = await aPublishedListing(await as('guest', 'host'));
    return new MoneyScenario(operator, await as('guest'), await as('guest', 'admin'), listingId);
  }

  /** 200 concurrent confirmations with one idempotency key charge once. */
  async confirmConcurrently(): Promise<void> {
    const { booking, payment } = await this.book();
    const key = { 'idempotency-key': randomUUID() };
    const responses = await Promise.all(
      Array.from({ length: CONFIRMATIONS }, () => this.confirm(payment.id, 'pm_card_visa', key)),
    );
    for (const response of responses.filter(({ status }) => status !== 200)) {
      expectProblem(response, 409, 'idempotency.in_progress');
    }
    const replay = await eventually(async () => {
      const response = await this.confirm(payment.id, 'pm_card_visa', key);
      expect(response).toMatchObject({ status: 200, body: { status: 'captured' } });
      return response;
    }, TIMEOUT);
    expect(replay.headers.get('idempotent-replayed')).toBe('true');
    const other = await this.confirm(payment.id, 'pm_card_createDispute', key);
    expectProblem(other, 422, 'idempotency.key_reused');
    await this.expectCharge(booking, payment.id);
  }

  /** The provider charges, and its response is lost: the retry finds the charge. */
  async loseResponse(): Promise<void> {
    const { booking, payment } = await this.book();
    const response = await this.confirm(payment.id, 'pm_sandbox_timeoutAfterCharge');
    expect(response).toMatchObject({ status: 200, body: { status: 'captured' } });
    await this.expectCharge(booking, payment.id);
  }

  /** 50 concurrent refunds of one payment never exceed its capture. */
  async refundConcurrently(): Promise<void> {
    const { booking, payment } = await this.book();
    expect((await this.confirm(payment.id, 'pm_card_visa')).status).toBe(200);
    await this.becomesConfirmed(booking.id);
    const responses = await Promise.all(
      Array.from({ length: REFUNDS }, () =>
        this.admin.post(`/v1/admin/payments/${payment.id}/refunds`, {
          amountMinor: REFUND_MINOR,
          reason: 'A complaint',
        }),
      ),
    );
    const accepted = responses.filter(({ status }) => status === 201).length;
    expect(accepted).toBe(Math.min(REFUNDS, Math.floor(booking.totalMinor / REFUND_MINOR)));
    for (const response of responses.filter(({ status }) => status !== 201)) {
      expectProblem(response, 409, 'payment.refund_too_large');
    }
    await eventually(async () => {
      const { body } = await this.admin.get(`/v1/admin/payments/${payment.id}`);
      expect(body).toMatchObject({ refundedMinor: accepted * REFUND_MINOR });
    }, TIMEOUT);
  }

  /** One command prints that provider, payments, ledger and bookings agree. */
  async expectAgreement(): Promise<void> {
    await eventually(async () => {
      const { code, out, err } = await this.operator.roost('reconcile', 'run');
      expect({ code, out }).toEqual({ code: 0, out: 'Nothing.\n' });
      expect(err).toMatch(/payments, .* at the providers, .* movements, .* bookings: 0 differences\.\n$/);
    }, TIMEOUT);
  }

  private async book(): Promise<{ booking: Booking; payment: Payment }> {
    const date = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    this.daysAhead += 3;
    const stay = { checkInDate: date(this.daysAhead), checkOutDate: date(this.daysAhead + 2) };
    const guests = { adults: 1, children: [], infants: 0, pets: 0 };
    // The listing reaches bookings by event.
    const quote = await eventually(async () => {
      const response = await this.guest.post<{ id: string }>('/v1/quotes', {
        listingId: this.listingId,
        ...stay,
        guests,
      });
      expect(response.status).toBe(201);
      return response.body;
    }, TIMEOUT);
    const { body: booking } = await this.guest.post<Booking>('/v1/bookings', { quoteId: quote.id });
    const payment = await eventually(async () => {
      const response = await this.guest.get<Payment>(`/v1/bookings/${booking.id}/payment`);
      expect(response.status).toBe(200);
      return response.body;
    }, TIMEOUT);
    return { booking, payment };
  }

  private confirm(
    paymentId: string,
    paymentMethod: string,
    headers: Record<string, string> = {},
  ): Promise<TestResponse<Payment>> {
    return this.guest.post<Payment>(`/v1/payments/${paymentId}/confirm`, { paymentMethod }, headers);
  }

  private async becomesConfirmed(bookingId: string): Promise<void> {
    await eventually(async () => {
      const { body } = await this.guest.get<Booking>(`/v1/bookings/${bookingId}`);
      expect(body.state).toBe('confirmed');
    }, TIMEOUT);
  }

  /** One charge at the provider, and one capture in the ledger. */
  private async expectCharge(booking: Booking, paymentId: string): Promise<void> {
    await this.becomesConfirmed(booking.id);
    const { body } = await this.admin.get<{ transactions: { key: string }[] }>(
      `/v1/admin/payments/${paymentId}`,
    );
    expect(body.transactions.map(({ key }) => key)).toEqual([`capture:${paymentId}`]);
    const charges = await this.operator.query<{ amount: number }>(
      'sandbox',
      `SELECT b.amount_minor::float8 AS amount FROM book_entry b JOIN intent i ON i.id = b.intent_id
       WHERE b.kind = 'charge' AND i.metadata ->> 'paymentId' = $1`,
      [paymentId],
    );
    expect(charges).toEqual([{ amount: booking.totalMinor }]);
  }
}

/** The acceptance of money in one mode. `start` returns when Roost, run with these settings, is ready. */
export function describeMoney(mode: string, start: (env: Env) => Promise<unknown>): void {
  let operator: Operator;
  let money: MoneyScenario;

  describe(mode, () => {
    beforeAll(async () => {
      const env: Env = {
        ...(await freshEnvironment()),
        RATE_LIMIT_PER_MINUTE: '0',
        LOG_LEVEL: 'error',
        PROVIDER_TIMEOUT_SECONDS: '2',
        PAYMENT_CHECK_SECONDS: '1',
      };
      await start(env);
      operator = new Operator(env);
      money = await MoneyScenario.prepare(new TestClient(`http://127.0.0.1:${env.PORT}`), operator);
    });
    afterAll(async () => {
      operator?.stop();
      await stopAll();
    });
    afterEach(() => money.expectAgreement());

    test('200 concurrent confirmations with one idempotency key charge once', () =>
      money.confirmConcurrently());

    test('a charge whose response is lost is found', () => money.loseResponse());

    test('50 concurrent refunds of one payment never exceed its capture', () => money.refundConcurrently());
  });
}
