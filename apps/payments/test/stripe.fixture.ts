import { randomUUID } from 'node:crypto';
import { startTestService } from '@roost/testing';
import { Tracing } from '@roost/tracing';
import { ProviderRejection, ProviderUnavailable } from '../src/provider/provider.port.js';
import { StripeProvider } from '../src/provider/stripe/stripe-provider.js';
import { payments } from '../src/service.js';
import { FakeStripe, STRIPE_KEY, STRIPE_WEBHOOK_SECRET } from '@roost/testing/fake-stripe';
import { PaymentsUnderTest } from './payments.fixture.js';
import type { SandboxProcess } from './sandbox.fixture.js';

/** The adapter alone, without the service. */
export const stripeProvider = (url: string, secretKey = STRIPE_KEY, tracing = Tracing.off) =>
  new StripeProvider({
    url,
    secretKey,
    webhookSecrets: [STRIPE_WEBHOOK_SECRET],
    timeoutSeconds: 1,
    tracing,
  });

export function newPayment(overrides: object = {}) {
  const paymentId = randomUUID();
  return {
    key: `create:${paymentId}`,
    paymentId,
    bookingId: randomUUID(),
    amountMinor: 27_280,
    currency: 'USD',
    guestId: randomUUID(),
    capture: 'automatic' as const,
    ...overrides,
  };
}

/** The error of a call. Fails if it contains anything that Stripe has written, or the key. */
export async function errorOf(call: Promise<unknown>): Promise<ProviderRejection | ProviderUnavailable> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProviderRejection) && !(error instanceof ProviderUnavailable)) {
    throw new Error(`not an error of the port: ${String(error)}`);
  }
  expect(error.message).not.toContain('RAW STRIPE MESSAGE');
  expect(error.message).not.toContain(STRIPE_KEY);
  expect(error.cause).toBeUndefined();
  return error;
}

/** Payments with the fake Stripe instead of the sandbox provider. */
export class StripePayments extends PaymentsUnderTest {
  private constructor(
    service: ConstructorParameters<typeof PaymentsUnderTest>[0],
    readonly stripe: FakeStripe,
  ) {
    const noSandbox = { stop: () => stripe.stop() } as unknown as SandboxProcess;
    super(service, noSandbox, { webhookUrl: '' });
  }

  static async start(env: Record<string, string> = {}): Promise<StripePayments> {
    const stripe = await FakeStripe.start();
    try {
      const service = await startTestService(payments, { env: { ...stripe.env, ...env } });
      stripe.webhookUrl = `${service.url}/v1/webhooks/stripe`;
      return new StripePayments(service, stripe);
    } catch (error) {
      await stripe.stop();
      throw error;
    }
  }
  /** Stops payments and starts it with the same data and other settings. */
  async restart(env: Record<string, string>): Promise<void> {
    const { DATABASE_URL = '', REDIS_URL = '', REDIS_PREFIX = '' } = this.service.env;
    await this.service.close();
    this.service = await startTestService(payments, {
      env: { ...this.stripe.env, DATABASE_URL, REDIS_URL, REDIS_PREFIX, ...env },
    });
    this.stripe.webhookUrl = `${this.service.url}/v1/webhooks/stripe`;
  }
}
