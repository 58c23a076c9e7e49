import { Collector, eventually } from '@roost/testing';
import { startTracing } from '@roost/tracing';
import { FakeStripe, STRIPE_KEY } from '@roost/testing/fake-stripe';
import { errorOf, newPayment, stripeProvider } from './stripe.fixture.js';

test('each call of Stripe is a span without ids, keys and queries, and Stripe receives no trace', async () => {
  const [collector, fake] = await Promise.all([Collector.start(), FakeStripe.start()]);
  const tracing = await startTracing({
    service: 'payments',
    environment: 'test',
    endpoint: collector.url,
    share: 1,
    sendEveryMs: 50,
    logger: { info: () => undefined, warn: () => undefined },
  });
  try {
    const provider = stripeProvider(fake.url, STRIPE_KEY, tracing);
    const payment = newPayment();
    const { ref } = await provider.create(payment);
    await errorOf(
      provider.confirm({ key: 'confirm:1', ref, paymentMethod: 'pm_card_chargeDeclined', returnUrl: null }),
    );
    await provider.findByPayment(payment.paymentId);
    await eventually(() =>
      expect(collector.spans.map(({ name, failed }) => [name, failed])).toEqual([
        ['POST /v1/payment_intents', false],
        ['POST /v1/payment_intents/{id}/confirm', true],
        ['GET /v1/payment_intents/search', false],
      ]),
    );
    expect(collector.spans[1]).toMatchObject({
      kind: 'client',
      attributes: { 'service.peer.name': 'stripe', 'http.response.status_code': 402 },
    });
    const text = collector.spans
      .map(({ attributes, message }) => Object.values(attributes).join() + message)
      .join();
    expect(text).not.toMatch(/pi_|sk_test|RAW STRIPE/);
    expect(text).not.toContain(payment.paymentId);
    for (const { headers } of fake.requests) expect(headers).not.toHaveProperty('traceparent');
  } finally {
    await tracing.close();
    await Promise.all([collector.close(), fake.stop()]);
  }
});
