import { randomUUID } from 'node:crypto';
import { eventually, expectProblem, TestClient } from '@roost/testing';
import { expectAgreement } from './agreement.fixture.js';
import { type Env, freshEnvironment, stopAll } from './launcher.js';
import { type Booking, Marketplace } from './marketplace.fixture.js';
import { Operator } from './operator.fixture.js';
import { RandomMoney } from './random-money.fixture.js';
import { SandboxControl } from './sandbox-control.fixture.js';
import { payDuringWebhookStorm } from './webhook-storm.fixture.js';

const CONFIRMATIONS = 200;
const REFUNDS = 50;
const REFUND_MINOR = 700;
const TIMEOUT = { seconds: 60 };
/** 1,000 payments and 10,000 sequences in the acceptance runs. The numbers change the duration, not the checks. */
const STORM_PAYMENTS = Number(process.env.ROOST_STORM_PAYMENTS ?? 24);
const SEQUENCES = Number(process.env.ROOST_RANDOM_MONEY ?? 12);
const SEED = Number(process.env.ROOST_SEED ?? Date.now() % 1_000_000);

/** The money of bookings through the gateway, in either mode. Each step ends with the agreement of all books. */
class MoneyScenario {
  constructor(
    private readonly operator: Operator,
    private readonly market: Marketplace,
  ) {}

  /** 200 concurrent confirmations with one idempotency key charge once. */
  async confirmConcurrently(): Promise<void> {
    const { booking, payment } = await this.market.book();
    const key = { 'idempotency-key': randomUUID() };
    const responses = await Promise.all(
      Array.from({ length: CONFIRMATIONS }, () => this.market.confirm(payment.id, 'pm_card_visa', key)),
    );
    for (const response of responses.filter(({ status }) => status !== 200)) {
      expectProblem(response, 409, 'idempotency.in_progress');
    }
    const replay = await eventually(async () => {
      const response = await this.market.confirm(payment.id, 'pm_card_visa', key);
      expect(response).toMatchObject({ status: 200, body: { status: 'captured' } });
      return response;
    }, TIMEOUT);
    expect(replay.headers.get('idempotent-replayed')).toBe('true');
    const other = await this.market.confirm(payment.id, 'pm_card_createDispute', key);
    expectProblem(other, 422, 'idempotency.key_reused');
    await this.expectCharge(booking, payment.id);
  }

  /** The provider charges, and its response is lost: the retry finds the charge. */
  async loseResponse(): Promise<void> {
    const { booking, payment } = await this.market.book();
    const response = await this.market.confirm(payment.id, 'pm_sandbox_timeoutAfterCharge');
    expect(response).toMatchObject({ status: 200, body: { status: 'captured' } });
    await this.expectCharge(booking, payment.id);
  }

  /** 50 concurrent refunds of one payment never exceed its capture. */
  async refundConcurrently(): Promise<void> {
    const { booking, payment } = await this.market.bookAndPay();
    const responses = await Promise.all(
      Array.from({ length: REFUNDS }, () =>
        this.market.admin.post(`/v1/admin/payments/${payment.id}/refunds`, {
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
      const { body } = await this.market.admin.get(`/v1/admin/payments/${payment.id}`);
      expect(body).toMatchObject({ refundedMinor: accepted * REFUND_MINOR });
    }, TIMEOUT);
  }

  /** One charge at the provider, and one capture in the ledger. */
  private async expectCharge(booking: Booking, paymentId: string): Promise<void> {
    await this.market.becomes(booking.id, 'confirmed');
    const { body } = await this.market.admin.get<{ transactions: { key: string }[] }>(
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

const timeoutFor = (count: number): number => 600_000 + count * 10_000;

/** The acceptance of money in one mode. `start` returns when Roost, run with these settings, is ready. */
export function describeMoney(mode: string, start: (env: Env) => Promise<unknown>): void {
  let operator: Operator;
  let money: MoneyScenario;
  let market: Marketplace;
  let sandbox: SandboxControl;
  let random: RandomMoney;

  describe(mode, () => {
    beforeAll(async () => {
      const env: Env = {
        ...(await freshEnvironment()),
        RATE_LIMIT_PER_MINUTE: '0',
        LOG_LEVEL: 'error',
        PROVIDER_TIMEOUT_SECONDS: '2',
        PAYMENT_CHECK_SECONDS: '1',
        DISPUTE_CHECK_SECONDS: '1',
        // The storm of the acceptance run takes longer than a usual hold.
        HOLD_TTL_MINUTES: '600',
      };
      await start(env);
      const anyone = new TestClient(`http://127.0.0.1:${env.PORT}`);
      operator = new Operator(env);
      market = await Marketplace.prepare(anyone);
      money = new MoneyScenario(operator, market);
      sandbox = new SandboxControl(env.SANDBOX_URL ?? '');
      random = new RandomMoney({ market, operator, sandbox, anyone });
    });
    afterAll(async () => {
      operator?.stop();
      await stopAll();
    });
    afterEach(() => expectAgreement(operator));

    test('200 concurrent confirmations with one idempotency key charge once', () =>
      money.confirmConcurrently());

    test('a charge whose response is lost is found', () => money.loseResponse());

    test('50 concurrent refunds of one payment never exceed its capture', () => money.refundConcurrently());

    test(
      `${STORM_PAYMENTS} payments reach their end although webhooks are lost, repeated and reordered`,
      () => payDuringWebhookStorm(market, sandbox, STORM_PAYMENTS),
      timeoutFor(STORM_PAYMENTS),
    );

    test(
      `the host is paid once after ${SEQUENCES} random sequences of refunds, disputes, changes and cancellations, seed ${SEED}`,
      async () => {
        await random.run(SEQUENCES, SEED);
        await expectAgreement(operator);
        await random.payHosts();
      },
      timeoutFor(SEQUENCES),
    );
  });
}
