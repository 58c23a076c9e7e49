import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { eventually, startTestService, type TestService } from '@roost/testing';
import { payments } from '../src/service.js';
import { aBooking } from './payments.fixture.js';
import { WEBHOOK_SECRET } from './sandbox.fixture.js';

/** More than run at once for other jobs, and fewer than operations may run at once. */
const BOOKINGS = 24;

interface Call {
  method: string;
  path: string;
  bookingId: string | null;
  respond(): void;
}

/** A provider that holds every response until the test releases it. */
class SlowProvider {
  readonly calls: Call[] = [];
  #holds = true;
  readonly #server: Server = createServer((request, response) => {
    // The search for disputes is no call of an operation.
    if (request.method === 'GET') {
      response.writeHead(503).end();
      return;
    }
    void json(request).then((body) => this.#receive(request.method ?? '', request.url ?? '', body, response));
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  release(): void {
    this.#holds = false;
    for (const { respond } of this.calls) respond();
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #receive(method: string, path: string, body: unknown, response: ServerResponse): void {
    const { metadata = {}, amountMinor = 0 } = body as {
      metadata?: Record<string, string>;
      amountMinor?: number;
    };
    const { bookingId = null } = metadata;
    const intent = {
      id: bookingId === null ? path.split('/')[3] : `pi_${bookingId}`,
      status: path.endsWith('/cancel') ? 'canceled' : 'requires_payment_method',
      amountMinor,
      currency: 'USD',
      authorizedMinor: 0,
      capturedMinor: 0,
      refundedMinor: 0,
      captureBefore: null,
      errorCode: null,
      redirectUrl: null,
      clientSecret: 'secret',
      metadata,
    };
    const respond = () => {
      if (response.writableEnded) return;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(intent));
    };
    this.calls.push({ method, path, bookingId, respond });
    if (!this.#holds) respond();
  }
}

let provider: SlowProvider;
let service: TestService;

beforeAll(async () => {
  provider = new SlowProvider();
  service = await startTestService(payments, {
    env: {
      SANDBOX_URL: await provider.listen(),
      SANDBOX_WEBHOOK_SECRET: WEBHOOK_SECRET,
      PROVIDER_TIMEOUT_SECONDS: '60',
    },
  });
});
afterAll(async () => {
  provider.release();
  await service?.close();
  provider.close();
});

test('a provider that responds slowly delays no other payment, and the calls of a payment stay in order', async () => {
  const bookings = Array.from({ length: BOOKINGS }, () => aBooking());
  for (const booking of bookings) await service.deliver('booking.created', booking);
  await eventually(() => expect(provider.calls).toHaveLength(BOOKINGS));
  expect(new Set(provider.calls.map(({ bookingId }) => bookingId)).size).toBe(BOOKINGS);

  const [ended] = bookings;
  if (!ended) throw new Error('no booking');
  await service.deliver('booking.expired', { ...ended, state: 'expired', cause: 'hold' });
  const rows = await service.query<{ kind: string; status: string }>(
    `SELECT o.kind, o.status FROM payment_operation o JOIN payment p ON p.id = o.payment_id WHERE p.booking_id = $1`,
    [ended.bookingId],
  );
  expect(rows).toEqual([{ kind: 'create', status: 'pending' }]);

  provider.release();
  await eventually(() => expect(provider.calls).toHaveLength(BOOKINGS + 1));
  expect(provider.calls.at(-1)).toMatchObject({
    method: 'POST',
    path: `/v1/payment-intents/pi_${ended.bookingId}/cancel`,
  });
});
