import { randomUUID } from 'node:crypto';
import { eventually, testUser } from '@roost/testing';
import { type BookingBody, type PaymentsUnderTest, startPayments } from './payments.fixture.js';
import { sendWebhook, webhookBecomes } from './webhook.fixture.js';

interface Difference {
  kind: string;
  paymentId: string | null;
  providerRef: string | null;
  expectedMinor: number | null;
  foundMinor: number | null;
  currency: string | null;
  detail: string;
  action: string;
}

/** A captured payment of a confirmed booking, with its reference at the provider. */
interface Sound {
  paymentId: string;
  ref: string;
  booking: BookingBody;
}

interface Planted {
  name: string;
  plant(sound: Sound): Promise<unknown>;
  /** The kind, and the amounts if the difference has some. */
  found: [kind: string, expectedMinor?: number, foundMinor?: number];
}

let payments: PaymentsUnderTest;
beforeAll(async () => {
  payments = await startPayments({ PAYMENT_CHECK_SECONDS: '3600' });
  // A late webhook would continue a payment that a test has changed.
  await payments.switches({ drop: 1 });
});
afterAll(() => payments.close());

const query = (sql: string, values: unknown[]) => payments.service.query(sql, values);

async function confirmed(): Promise<Sound> {
  const { booking, payment } = await payments.givenConfirmed(testUser());
  const intent = await payments.sandbox.intentOf(payment.id);
  return { paymentId: payment.id, ref: intent.id, booking };
}

/** The charge of another booking, or of another system, in the same account. */
async function chargeAtProvider(amountMinor: number, metadata: object = {}): Promise<string> {
  const { id } = await payments.sandbox.request<{ id: string }>('POST', '/v1/payment-intents', {
    ...{ amountMinor, currency: 'USD', metadata },
  });
  await payments.sandbox.request('POST', `/v1/payment-intents/${id}/confirm`, {
    paymentMethod: 'pm_card_visa',
  });
  return id;
}

/** Runs a statement on the ledger that its triggers reject: only the owner of the tables can turn them off. */
async function forge(sql: string, values: unknown[]): Promise<void> {
  await query('ALTER TABLE movement DISABLE TRIGGER movement_append_only', []);
  await query(sql, values);
  await query('ALTER TABLE movement ENABLE ALWAYS TRIGGER movement_append_only', []);
}

const planted: Planted[] = [
  {
    name: 'a charge that is missing at the provider',
    plant: ({ paymentId }) =>
      query(`UPDATE payment SET provider_ref = 'pi_' || id WHERE id = $1`, [paymentId]),
    found: ['provider.missing_payment', 27_280, 0],
  },
  {
    name: 'a second charge at the provider for the same payment',
    plant: async (sound) => {
      sound.ref = await chargeAtProvider(27_280, { paymentId: sound.paymentId });
      sound.paymentId = '';
    },
    found: ['provider.unknown_payment', 0, 27_280],
  },
  {
    name: 'a refund at the provider that was not made here',
    plant: ({ ref }) =>
      payments.sandbox.request('POST', '/v1/refunds', { intentId: ref, amountMinor: 5_000 }),
    found: ['provider.amount_differs', 0, 5_000],
  },
  {
    name: 'a captured amount that is off by one',
    plant: ({ paymentId }) =>
      query('UPDATE payment SET captured_minor = captured_minor - 1 WHERE id = $1', [paymentId]),
    found: ['ledger.payment_differs', 27_279, 27_280],
  },
  {
    name: 'a movement of the ledger with another amount',
    plant: ({ paymentId }) =>
      forge('UPDATE movement SET amount_minor = amount_minor + 1 WHERE payment_id = $1 AND leg = 2', [
        paymentId,
      ]),
    found: ['ledger.unbalanced', 0, 1],
  },
  {
    name: 'a movement of the ledger that was deleted',
    plant: ({ paymentId }) => forge('DELETE FROM movement WHERE payment_id = $1', [paymentId]),
    found: ['ledger.payment_differs', 27_280, 0],
  },
  {
    name: 'a refund without a call to the provider',
    plant: ({ paymentId }) =>
      query('UPDATE payment SET refund_reserved_minor = 100, refunded_minor = 100 WHERE id = $1', [
        paymentId,
      ]),
    found: ['ledger.payment_differs', 100, 0],
  },
  {
    name: 'a confirmed booking whose payment is not captured',
    plant: async (sound) => {
      const { payment, booking } = await payments.givenPayment({ guest: testUser() });
      await payments.service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
      sound.paymentId = payment.id;
    },
    found: ['booking.confirmed_unpaid', 27_280, 0],
  },
  {
    name: 'an ended booking whose payment is not refunded',
    plant: ({ paymentId }) => query(`UPDATE payment SET goal = 'release' WHERE id = $1`, [paymentId]),
    found: ['booking.ended_but_captured', 27_280, 0],
  },
  {
    name: 'a late payment that bookings does not decide about',
    plant: ({ paymentId }) =>
      query(`UPDATE payment SET goal = 'expire', updated_at = now() - interval '6 minutes' WHERE id = $1`, [
        paymentId,
      ]),
    found: ['booking.undecided', 0, 27_280],
  },
  {
    name: 'a share of the host that differs from the booking',
    plant: async (sound) => {
      await query('UPDATE booking_split SET host_minor = host_minor + 7 WHERE booking_id = $1', [
        sound.booking.bookingId,
      ]);
      sound.paymentId = '';
      sound.ref = '';
    },
    found: ['booking.split_differs', 21_347, 21_340],
  },
  {
    name: 'a refund that the provider rejected',
    plant: ({ paymentId }) =>
      query(
        `INSERT INTO refund (id, payment_id, cause, reason, amount_minor, host_minor, platform_minor, tax_minor, status,
           failure_code, created_at, finished_at)
         VALUES ($2, $1, 'admin:1', 'admin', 9, 9, 0, 0, 'failed', 'expired_card', now(), now())`,
        [paymentId, randomUUID()],
      ),
    found: ['refund.refused', 9, 0],
  },
  {
    name: 'a call to the provider that stays unfinished',
    plant: ({ paymentId }) =>
      query(
        `INSERT INTO payment_operation (id, payment_id, kind, key, status, tries, due_at, created_at)
         VALUES ($2, $1::uuid, 'capture', 'capture:' || $1::text, 'pending', 9, now() + interval '1 hour', now() - interval '6 minutes')`,
        [paymentId, randomUUID()],
      ),
    found: ['operation.stuck'],
  },
  {
    name: 'a webhook that stays unhandled',
    plant: ({ paymentId }) =>
      query(
        `INSERT INTO webhook_event (provider, id, type, subject, ref, payment_id, payload, tries, due_at, received_at)
         VALUES ('sandbox', 'evt_' || $1::text, 'intent.captured', 'payment', 'pi', $1::uuid, 'x', 9, now() + interval '1 hour',
           now() - interval '6 minutes')`,
        [paymentId],
      ),
    found: ['webhook.stuck'],
  },
  {
    name: 'a webhook with another amount',
    plant: async ({ paymentId }) => {
      const intent = await payments.sandbox.intentOf(paymentId);
      const id = await sendWebhook(payments, 'intent.captured', {
        intent: { ...intent, amountMinor: 27_281 },
      });
      await webhookBecomes(payments, id, 'parked', 'amount_differs');
    },
    found: ['webhook.parked', 27_280, 27_281],
  },
];

const differences = async (): Promise<Difference[]> =>
  (await payments.reconcile()).differences as unknown as Difference[];

test('reports nothing before a difference is planted', async () => {
  await confirmed();
  await payments.agreed();
});

test.each(planted)('reports $name, and what to do', async ({ plant, found: [kind, expected, actual] }) => {
  const sound = await confirmed();
  await plant(sound);
  await eventually(async () => {
    const own = (await differences()).filter(({ paymentId, providerRef, detail }) =>
      sound.paymentId
        ? paymentId === sound.paymentId
        : sound.ref
          ? providerRef === sound.ref
          : detail.includes(sound.booking.bookingId),
    );
    const reported = own.find((each) => each.kind === kind);
    expect(reported).toMatchObject({ expectedMinor: expected ?? null, foundMinor: actual ?? null });
    expect(reported?.detail).not.toBe('');
    expect(reported?.action).toMatch(/\w+ \w+/);
  });
});

test('reports the money at a provider that is not enabled', async () => {
  const { paymentId } = await confirmed();
  await query(`UPDATE payment SET provider = 'stripe' WHERE id = $1`, [paymentId]);
  const reported = (await differences()).filter(({ kind }) => kind === 'provider.not_enabled');
  expect(reported).toMatchObject([{ foundMinor: 27_280, currency: 'USD' }]);
  expect(reported[0]?.detail).toContain('stripe');
});

test('reports differences of all these kinds at once', async () => {
  const reported = new Set((await differences()).map(({ kind }) => kind));
  const expected = new Set(planted.map(({ found: [kind] }) => kind));
  expect(expected.size).toBeGreaterThanOrEqual(10);
  expect([...expected].filter((kind) => !reported.has(kind))).toEqual([]);
});
