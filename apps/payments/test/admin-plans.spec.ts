import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { largestSortRows, queryPlans } from '@roost/testing';
import { listPaymentActions } from '../src/audit/audit-log.queries.js';
import { listOperations, listPayments } from '../src/payment-admin/payment-admin.queries.js';
import { capturedPayments } from '../src/reconciliation/reconciliation.queries.js';
import { listWebhooks } from '../src/webhook/webhook-admin.queries.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

const PAYMENTS = 20_000;
const personId = randomUUID();
const limit = 20;
const cursor = Buffer.from(JSON.stringify(['2027-05-12T16:00:00.000Z', randomUUID()])).toString('base64url');

let payments: PaymentsUnderTest;
let paymentId: string;

beforeAll(async () => {
  payments = await startPayments();
  const { service } = payments;
  // Most payments are captured, in one currency. A few are failed, in another currency, or of one person.
  await service.query(
    `INSERT INTO payment (id, booking_id, purpose, guest_id, host_id, provider, provider_ref, capture, status, currency,
       amount_minor, host_minor, platform_minor, tax_minor, check_at, created_at, updated_at)
     SELECT uuidv7(), gen_random_uuid(), 'booking', CASE WHEN n % 500 = 0 THEN $1::uuid ELSE gen_random_uuid() END,
       CASE WHEN n % 400 = 0 THEN $1::uuid ELSE gen_random_uuid() END, 'sandbox', 'pi_' || n, 'automatic',
       CASE WHEN n % 700 = 0 THEN 'failed' ELSE 'captured' END, CASE WHEN n % 900 = 0 THEN 'KWD' ELSE 'USD' END,
       100, 90, 7, 3, at, at, at
     FROM generate_series(1, $2::int) n CROSS JOIN LATERAL (
       SELECT timestamptz '2027-05-12T16:00:00Z' - n * interval '1 minute' AS at) t`,
    [personId, PAYMENTS],
  );
  await service.query(
    `INSERT INTO payment_operation (id, payment_id, kind, key, status, due_at, created_at)
     SELECT uuidv7(), id, 'create', 'create:' || id, CASE WHEN status = 'failed' THEN 'failed' ELSE 'done' END,
       created_at, created_at FROM payment`,
  );
  await service.query(
    `INSERT INTO webhook_event (provider, id, type, subject, ref, payment_id, payload, outcome, park_reason, due_at,
       received_at, handled_at)
     SELECT 'sandbox', 'evt_' || id, CASE WHEN status = 'failed' THEN 'intent.failed' ELSE 'intent.captured' END, 'payment',
       provider_ref, id, 'x', CASE WHEN currency = 'KWD' THEN 'parked' ELSE 'applied' END,
       CASE WHEN currency = 'KWD' THEN 'amount_differs' END, created_at, created_at, created_at
     FROM payment`,
  );
  await service.query(
    `INSERT INTO admin_action (id, at, admin_id, action, subject_type, subject_id, payment_id, reason, details)
     SELECT uuidv7(), created_at, $1, 'payment.refund', 'payment', id, id, 'x', '{}' FROM payment`,
    [personId],
  );
  await service.query('ANALYZE');
  const [row] = await service.query<{ id: string }>('SELECT id FROM payment WHERE guest_id = $1 LIMIT 1', [
    personId,
  ]);
  paymentId = row?.id ?? '';
}, 60_000);
afterAll(() => payments.close());

type Work = (em: EntityManager) => Promise<unknown>;

test.each<[string, string, Work]>([
  ['the newest payments', 'payment_newest', (em) => listPayments(em, { limit })],
  ['a later page of payments', 'payment_newest', (em) => listPayments(em, { limit, cursor })],
  [
    'captured payments of the last hours',
    'payment_newest',
    (em) =>
      capturedPayments(em, { provider: 'sandbox', since: new Date('2027-05-12T10:00:00Z') }, null, 1_000),
  ],
  [
    'a later page of captured payments',
    'payment_newest',
    (em) =>
      capturedPayments(
        em,
        { provider: 'sandbox', since: new Date('2027-05-01T10:00:00Z') },
        { at: '2027-05-12 10:00:00.123456+00', id: randomUUID() },
        1_000,
      ),
  ],
  ['payments by amount', 'payment_newest', (em) => listPayments(em, { limit, minAmountMinor: 50 })],
  ['captured payments', 'payment_newest', (em) => listPayments(em, { limit, status: 'captured' })],
  ['failed payments', 'payment_exceptions', (em) => listPayments(em, { limit, status: 'failed' })],
  ['payments of a guest', 'payment_guest', (em) => listPayments(em, { limit, guestId: personId })],
  ['payments of a host', 'payment_host', (em) => listPayments(em, { limit, hostId: personId })],
  ['payments of a booking', 'payment_', (em) => listPayments(em, { limit, bookingId: randomUUID() })],
  [
    'the payment of a reference',
    'payment_provider_provider_ref_key',
    (em) => listPayments(em, { limit, providerRef: 'pi_77' }),
  ],
  ['the payment of an id', 'payment_pkey', (em) => listPayments(em, { limit, id: paymentId })],
  ['payments of a rare currency', 'payment_currency', (em) => listPayments(em, { limit, currency: 'KWD' })],
  [
    'failed operations',
    'payment_operation_unfinished',
    (em) => listOperations(em, { limit, status: 'failed', order: 'newest' }),
  ],
  [
    'a later page of pending operations',
    'payment_operation_',
    (em) => listOperations(em, { limit, cursor, status: 'pending', order: 'newest' }),
  ],
  [
    'the oldest failed operations',
    'payment_operation_unfinished',
    (em) => listOperations(em, { limit, cursor, status: 'failed', order: 'oldest' }),
  ],
  ['the newest webhooks', 'webhook_event_newest', (em) => listWebhooks(em, { limit })],
  ['parked webhooks', 'webhook_event_exceptions', (em) => listWebhooks(em, { limit, outcome: 'parked' })],
  ['pending webhooks', 'webhook_event_due', (em) => listWebhooks(em, { limit, outcome: 'pending' })],
  [
    'webhooks of a rare type',
    'webhook_event_type',
    (em) => listWebhooks(em, { limit, type: 'intent.failed' }),
  ],
  ['webhooks of a payment', 'webhook_event_payment', (em) => listWebhooks(em, { limit, paymentId })],
  ['the audit log', 'admin_action_newest', (em) => listPaymentActions(em, { limit })],
  [
    'the audit log of a payment',
    'admin_action_payment',
    (em) => listPaymentActions(em, { limit, paymentId }),
  ],
  [
    'the audit log of an administrator',
    'admin_action_admin',
    (em) => listPaymentActions(em, { limit, adminId: randomUUID() }),
  ],
  [
    'the audit log of a rare action',
    'admin_action_action',
    (em) => listPaymentActions(em, { limit, action: 'payout.retry' }),
  ],
  [
    'the audit log of a subject',
    'admin_action_subject',
    (em) => listPaymentActions(em, { limit, subjectId: paymentId }),
  ],
])('reads %s from an index', async (_, index, work) => {
  const plan = await queryPlans(payments.service, /from (payment|webhook_event|admin_action)/i, work);
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/Seq Scan/);
  // A selection of a few rows may be sorted.
  expect(largestSortRows(plan)).toBeLessThanOrEqual(60);
});
