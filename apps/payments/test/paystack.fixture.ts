import { startTestService, type TestService, type TestUser } from '@roost/testing';
import { payments } from '../src/service.js';
import { PaystackProvider } from '../src/provider/paystack/paystack-provider.js';
import { Providers } from '../src/provider/providers.js';
import { FakePaystack } from './fake-paystack/fake-paystack.js';
import type { FakeRefund, FakeTransaction } from './fake-paystack/paystack-state.js';
import { aBooking, type PaymentBody, PaymentsUnderTest } from './payments.fixture.js';
import type { SandboxProcess } from './sandbox.fixture.js';

/** Payments on real servers, with a fake Paystack as the only provider. */
export async function startPaystackPayments(env: Record<string, string> = {}): Promise<PaystackPayments> {
  const paystack = await FakePaystack.start();
  const service = await startTestService(payments, { env: { ...paystack.env, ...env } });
  paystack.webhookUrl = `${service.url}/v1/webhooks/paystack`;
  return new PaystackPayments(service, paystack);
}

export class PaystackPayments extends PaymentsUnderTest {
  constructor(
    service: TestService,
    readonly paystack: FakePaystack,
  ) {
    // There is no sandbox: only its end is used.
    super(service, { stop: () => paystack.stop() } as SandboxProcess, { webhookUrl: '' });
  }

  get provider(): PaystackProvider {
    const provider = this.service.get(Providers).of('paystack');
    if (!(provider instanceof PaystackProvider)) throw new Error('another provider');
    return provider;
  }

  /** Stops payments and starts it with the same data and other settings. */
  async restart(env: Record<string, string>): Promise<void> {
    const { DATABASE_URL = '', REDIS_URL = '', REDIS_PREFIX = '' } = this.service.env;
    await this.service.close();
    this.service = await startTestService(payments, {
      env: { ...this.paystack.env, DATABASE_URL, REDIS_URL, REDIS_PREFIX, ...env },
    });
    this.paystack.webhookUrl = `${this.service.url}/v1/webhooks/paystack`;
  }

  /** A payment that waits for the guest on the page of Paystack. */
  givenOpen(guest: TestUser, options: Parameters<typeof aBooking>[0] = {}) {
    return this.givenPayment({ currency: 'NGN', ...options, guest });
  }

  async givenPaid(guest: TestUser, options: Parameters<typeof aBooking>[0] = {}) {
    const given = await this.givenOpen(guest, options);
    await this.paystack.pay(given.payment.redirectUrl);
    await this.becomes(guest, given.payment.id, 'captured');
    return given;
  }

  async paymentOf(guest: TestUser, paymentId: string): Promise<PaymentBody> {
    return (await this.service.as(guest).get<PaymentBody>(`/v1/payments/${paymentId}`)).body;
  }

  /** The transactions of a payment at Paystack, oldest first. */
  transactionsOf(paymentId: string): FakeTransaction[] {
    return this.paystack.state.transactions.filter(({ reference }) => reference.includes(paymentId));
  }

  refundsOf(paymentId: string): FakeRefund[] {
    const ids = this.transactionsOf(paymentId).map(({ id }) => id);
    return this.paystack.state.refunds.filter(({ transaction }) => ids.includes(transaction));
  }
}
