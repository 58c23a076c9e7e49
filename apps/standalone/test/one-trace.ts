import { randomBytes } from 'node:crypto';
import { type CollectedSpan, Collector, eventually, type TestClient } from '@roost/testing';
import { Marketplace, type Person, quoteFor } from './graph.fixture.js';
import { dayAhead } from './marketplace.fixture.js';

const DEADLINE = { seconds: 40 };

/** The path from the root span to the first span that matches, as `service: name`. */
function pathTo(spans: CollectedSpan[], matches: (span: CollectedSpan) => boolean): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const path: string[] = [];
  for (let span = spans.find(matches); span; span = byId.get(span.parentSpanId)) {
    path.unshift(`${span.service}: ${span.name}`);
  }
  return path;
}

/** The tests of a trace, for both transports of events. Returns the collected spans. */
export function describeOneTrace(transportEnv: () => Promise<Record<string, string>>): {
  spans: CollectedSpan[];
} {
  const roost = new Marketplace();
  const found: { spans: CollectedSpan[] } = { spans: [] };
  let collector: Collector;
  let host: Person;
  let guest: Person;
  let listingId: string;

  beforeAll(async () => {
    collector = await Collector.start();
    await roost.open({ ...(await transportEnv()), OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    await fetch(`${roost.sandboxUrl}/control/switches`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ webhookUrl: `${roost.service('payments').url}/v1/webhooks/sandbox` }),
    });
    [host, guest] = await Promise.all([roost.createPerson(['host']), roost.createPerson()]);
    listingId = await roost.publishListing(host, 'A house with a trace');
  }, 120_000);
  afterAll(async () => {
    await roost.close();
    await collector?.close();
  });

  /** A client whose requests belong to one trace. */
  function traced(client: TestClient, flags = '01') {
    const traceId = randomBytes(16).toString('hex');
    const spanId = randomBytes(8).toString('hex');
    return { traceId, spanId, client: client.with({ traceparent: `00-${traceId}-${spanId}-${flags}` }) };
  }

  async function book(client: TestClient, from: string, to: string): Promise<string> {
    const quoteId = await quoteFor(client, { listingId, checkInDate: from, checkOutDate: to });
    const booking = await client.post<{ id: string }>('/v1/bookings', { quoteId });
    expect(booking.status).toBe(201);
    return booking.body.id;
  }

  async function pay(client: TestClient, bookingId: string): Promise<void> {
    const due = await eventually(async () => {
      const response = await client.get<{ id: string }>(`/v1/bookings/${bookingId}/payment`);
      expect(response.status).toBe(200);
      return response.body;
    }, DEADLINE);
    const response = await client.post(`/v1/payments/${due.id}/confirm`, { paymentMethod: 'pm_card_visa' });
    expect(response.status).toBe(200);
    await eventually(
      async () =>
        expect((await client.get(`/v1/bookings/${bookingId}`)).body).toMatchObject({ state: 'confirmed' }),
      DEADLINE,
    );
  }

  describe('the trace of a paid booking', () => {
    let trace: ReturnType<typeof traced>;
    let spans: CollectedSpan[];
    const orphans = (): string[] => {
      const ids = new Set(spans.map(({ spanId }) => spanId));
      return spans
        .filter(({ parentSpanId }) => parentSpanId !== trace.spanId && !ids.has(parentSpanId))
        .map(({ service, name }) => `${service}: ${name}`);
    };
    beforeAll(async () => {
      trace = traced(roost.as(guest));
      await pay(trace.client, await book(trace.client, dayAhead(30), dayAhead(33)));
      // Each process exports its spans in batches, so a parent may arrive later than its child.
      await eventually(
        () => {
          found.spans = spans = collector.of(trace.traceId);
          const names = spans.map(({ service, name }) => `${service}: ${name}`);
          expect(names).toEqual(
            expect.arrayContaining([
              'payments: job webhook.handle',
              'identity: process booking.created',
              'payments: process booking.created',
              'reviews: process booking.created',
              'listings: process booking.confirmed',
              'identity: process booking.confirmed',
              'payments: process booking.confirmed',
              'gateway: GET /v1/bookings/{id}',
            ]),
          );
          expect(orphans()).toEqual([]);
        },
        { seconds: 60 },
      );
    }, 120_000);

    test('is one trace through the gateway, five services and the provider', () => {
      expect(new Set(spans.map(({ service }) => service))).toEqual(
        new Set(['gateway', 'bookings', 'payments', 'listings', 'identity', 'reviews']),
      );
    });

    test('goes from the request over the outbox to the call of the provider', () => {
      expect(
        pathTo(spans, ({ name, kind }) => name === 'POST /v1/payment-intents' && kind === 'client'),
      ).toEqual([
        'gateway: POST /v1/bookings',
        'gateway: POST /v1/bookings',
        'bookings: POST /v1/bookings',
        'bookings: transaction',
        'bookings: create booking.created',
        'payments: process booking.created',
        'payments: transaction',
        'payments: job payment.operate',
        'payments: POST /v1/payment-intents',
      ]);
    });

    test('goes from the provider back over its webhook', () => {
      expect(pathTo(spans, ({ name }) => name === 'job webhook.handle')).toEqual([
        'gateway: POST /v1/payments/{id}/confirm', // the request
        'gateway: POST /v1/payments/{id}/confirm', // its call to the service
        'payments: POST /v1/payments/{id}/confirm',
        'payments: POST /v1/payment-intents/{id}/confirm',
        'payments: POST /v1/webhooks/sandbox',
        'payments: job webhook.handle',
      ]);
    });

    test('goes from the capture to the consumers of booking.confirmed', () => {
      const path = pathTo(
        spans,
        ({ service, name }) => service === 'listings' && name === 'process booking.confirmed',
      );
      expect(path.slice(-5)).toEqual([
        'payments: create payment.captured',
        'bookings: process payment.captured',
        'bookings: transaction',
        'bookings: create booking.confirmed',
        'listings: process booking.confirmed',
      ]);
    });

    test('has a parent in the trace or in the client for every span', () => {
      expect(orphans()).toEqual([]);
      expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    });

    test('describes the type, the waiting time and the outcome of an event', () => {
      const handled = spans.find(
        ({ service, name }) => service === 'payments' && name === 'process booking.created',
      );
      expect(handled).toMatchObject({
        kind: 'consumer',
        failed: false,
        attributes: {
          'messaging.operation.type': 'process',
          'messaging.destination.name': 'bookings.booking',
          'messaging.consumer.group.name': 'payments',
          'cloudevents.event_type': 'booking.created',
          'cloudevents.event_source': '/bookings',
          'roost.tries': 1,
          'roost.outcome': 'handled',
          'roost.waited_ms': expect.any(Number) as number,
        },
      });
      const created = spans.find(({ name }) => name === 'create booking.created');
      expect(created).toMatchObject({ kind: 'producer', service: 'bookings' });
      expect(handled?.startNanos).toBeGreaterThanOrEqual(created?.startNanos ?? 0n);
    });

    test('contains no personal data and no secrets', () => {
      const everything = JSON.stringify(spans, (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      for (const secret of [
        guest.accessToken,
        'pm_card_visa',
        guest.id,
        host.id,
        '@',
        'Bearer',
        'whsec',
        'SELECT',
      ]) {
        expect(everything).not.toContain(secret);
      }
      expect(spans.map(({ events, message }) => ({ events, message }))).toEqual(
        spans.map(() => ({ events: 0, message: '' })),
      );
    });
  });

  return found;
}
