import { randomUUID } from 'node:crypto';
import { eventually, expectProblem, testUser } from '@roost/testing';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

interface PaymentPage extends Record<string, unknown> {
  data: { id: string; createdAt: string; providerRef: string | null }[];
  nextCursor: string | null;
}

interface OperationBody extends Record<string, unknown> {
  id: string;
  kind: string;
  status: string;
  tries: number;
}

const REASON = { reason: 'The provider is back' };

describe('operators of payments', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments({ PAYMENT_CHECK_SECONDS: '3600' });
  });
  afterAll(() => payments.close());

  const admin = () => payments.service.as(payments.admin);
  const list = async (query: string) => (await admin().get<PaymentPage>(`/v1/admin/payments?${query}`)).body;
  const idsOf = async (query: string) => (await list(query)).data.map(({ id }) => id);

  describe('GET /v1/admin/payments', () => {
    test('lists payments, newest first, in pages', async () => {
      const guest = testUser();
      const ids: string[] = [];
      for (let n = 0; n < 3; n += 1) ids.unshift((await payments.givenPayment({ guest })).payment.id);
      const first = await list(`guestId=${guest.id}&limit=2`);
      expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
      const second = await list(`guestId=${guest.id}&limit=2&cursor=${first.nextCursor}`);
      expect(second).toMatchObject({ data: [{ id: ids[2] }], nextCursor: null });
    });

    test('filters by state, parties, booking, currency, amount and time', async () => {
      const guest = testUser();
      const { booking, payment } = await payments.givenCaptured(guest);
      const open = await payments.givenPayment({ guest });
      const ofGuest = `guestId=${guest.id}`;
      expect(await idsOf(`${ofGuest}&status=captured`)).toEqual([payment.id]);
      expect(await idsOf(`hostId=${booking.hostId}`)).toEqual([payment.id]);
      expect(await idsOf(`bookingId=${open.booking.bookingId}`)).toEqual([open.payment.id]);
      expect(await idsOf(`id=${payment.id}`)).toEqual([payment.id]);
      const [found] = (await list(`id=${payment.id}`)).data;
      expect(await idsOf(`providerRef=${found?.providerRef}`)).toEqual([payment.id]);
      expect(await idsOf(`${ofGuest}&currency=USD&provider=sandbox`)).toHaveLength(2);
      expect(await idsOf(`${ofGuest}&currency=JPY`)).toEqual([]);
      expect(await idsOf(`${ofGuest}&minAmountMinor=27280&maxAmountMinor=27280`)).toHaveLength(2);
      expect(await idsOf(`${ofGuest}&minAmountMinor=27281`)).toEqual([]);
      const [newest] = (await list(ofGuest)).data;
      expect(await idsOf(`${ofGuest}&from=${newest?.createdAt}`)).toEqual([newest?.id]);
      expect(await idsOf(`${ofGuest}&to=${newest?.createdAt}`)).toEqual([payment.id]);
    });

    test.each([
      'limit=101',
      'status=paid',
      'currency=usd',
      'from=today',
      'minAmountMinor=-1',
      'cursor=x',
      'x=1',
    ])('400 for ?%s', async (query) => {
      expectProblem(await admin().get(`/v1/admin/payments?${query}`), 400, 'request.invalid');
    });
  });

  describe('GET /v1/admin/payments/{id}', () => {
    test('shows operations, refunds, webhooks and ledger transactions, without the secrets of the guest', async () => {
      const guest = testUser();
      const { payment } = await payments.givenCaptured(guest);
      await admin().post(`/v1/admin/payments/${payment.id}/refunds`, { amountMinor: 100, reason: 'Noise' });
      await payments.becomes(guest, payment.id, 'partially_refunded');
      await eventually(async () => {
        const { body } = await admin().get(`/v1/admin/payments/${payment.id}`);
        expect(body).toMatchObject({
          ...{ id: payment.id, guestId: guest.id, status: 'partially_refunded', refundedMinor: 100 },
          operations: [{ kind: 'refund' }, { kind: 'confirm' }, { kind: 'create', status: 'done', tries: 1 }],
          refunds: [{ amountMinor: 100, note: 'Noise', requestedBy: payments.admin.id, status: 'succeeded' }],
          webhooks: expect.arrayContaining([expect.objectContaining({ type: 'refund.succeeded' })]),
        });
        const { transactions } = body as { transactions: { key: string }[] };
        expect(transactions.map(({ key }) => key.split(':')[0])).toEqual(['refund', 'refund', 'capture']);
        expect(JSON.stringify(body)).not.toMatch(/_secret_|clientSecret/);
      });
    });

    test('404 for an unknown payment, 403 for its guest', async () => {
      expectProblem(await admin().get(`/v1/admin/payments/${randomUUID()}`), 404, 'payment.not_found');
      const guest = testUser();
      const { payment } = await payments.givenPayment({ guest });
      const path = `/v1/admin/payments/${payment.id}`;
      expectProblem(await payments.service.as(guest).get(path), 403, 'auth.forbidden');
    });
  });

  describe('stuck operations', () => {
    const operations = async (status: string) =>
      (await admin().get<{ data: OperationBody[] }>(`/v1/admin/payment-operations?status=${status}`)).body
        .data;
    const retry = (id: string) =>
      admin().post<OperationBody>(`/v1/admin/payment-operations/${id}/retry`, REASON);

    /** A refund that the provider did not answer, and whose next try is far away. */
    async function stuckRefund() {
      const guest = testUser();
      const { payment } = await payments.givenCaptured(guest);
      await payments.sandbox.faults({ route: 'refund', kind: 'fail', times: 2 });
      await admin().post(`/v1/admin/payments/${payment.id}/refunds`, { amountMinor: 100, reason: 'Noise' });
      const operation = await eventually(async () => {
        const found = (await operations('pending')).find(({ paymentId }) => paymentId === payment.id);
        expect(found).toMatchObject({ kind: 'refund', status: 'pending', tries: 1 });
        // The try has ended: otherwise it would use up the faults of the next one.
        const leased = `SELECT FROM payment_operation WHERE id = $1 AND lease_until IS NOT NULL`;
        expect(await payments.service.query(leased, [found!.id])).toEqual([]);
        return found!;
      });
      await payments.service.query(
        `UPDATE payment_operation SET due_at = now() + interval '1 hour', lease_until = NULL WHERE id = $1`,
        [operation.id],
      );
      return { guest, payment, operation };
    }

    test('an operation is retried at once, and the retry is audited', async () => {
      const { guest, payment, operation } = await stuckRefund();
      expect(await retry(operation.id)).toMatchObject({
        status: 200,
        body: { id: operation.id, status: 'done', tries: 2, dueAt: null },
      });
      await payments.becomes(guest, payment.id, 'partially_refunded');
      const log = await admin().get(`/v1/admin/payments/audit-log?paymentId=${payment.id}`);
      expect(log.body).toMatchObject({
        data: [
          { action: 'operation.retry', subjectId: operation.id, details: { kind: 'refund', tries: 1 } },
          { action: 'payment.refund', details: { amountMinor: 100, bearer: 'proportional' } },
        ],
      });
      expectProblem(await retry(operation.id), 409, 'payment.operation_closed');
    });

    test('an operation that the provider does not answer again stays pending', async () => {
      const { guest, payment, operation } = await stuckRefund();
      await payments.sandbox.faults({ route: 'refund', kind: 'fail', times: 2 });
      expect((await retry(operation.id)).body).toMatchObject({ status: 'pending', tries: 2 });
      await payments.becomes(guest, payment.id, 'partially_refunded');
    });

    test('lists failed operations with their code', async () => {
      const guest = testUser();
      const { payment } = await payments.givenPayment({ guest });
      await payments.confirm(guest, payment.id, 'pm_card_chargeDeclined');
      const failed = (await operations('failed')).find(({ paymentId }) => paymentId === payment.id);
      expect(failed).toMatchObject({ kind: 'confirm', failureCode: 'card_declined' });
    });

    test('the oldest come first on request, page by page, and by payment and time', async () => {
      const stuck = [(await stuckRefund()).operation, (await stuckRefund()).operation];
      const [first, second] = stuck.map(({ id }) => id) as [string, string];
      await payments.service.query(
        `UPDATE payment_operation SET created_at = CASE WHEN id = $1 THEN $2 ELSE $3 END::timestamptz
         WHERE id IN ($1, $4)`,
        [first, '2020-01-01T00:00:00Z', '2020-01-02T00:00:00Z', second],
      );
      const list = async (query: string) =>
        (
          await admin().get<{ data: OperationBody[]; nextCursor: string | null }>(
            `/v1/admin/payment-operations?${query}`,
          )
        ).body;
      const page = await list('order=oldest&limit=1');
      expect(page.data.map(({ id }) => id)).toEqual([first]);
      const next = await list(`order=oldest&limit=1&cursor=${page.nextCursor}`);
      expect(next.data.map(({ id }) => id)).toEqual([second]);
      const earlier = await list('to=2020-01-03T00:00:00Z');
      expect(earlier.data.map(({ id }) => id)).toEqual([second, first]);
      const later = await list('from=2020-01-02T00:00:00Z&to=2020-01-03T00:00:00Z');
      expect(later.data.map(({ id }) => id)).toEqual([second]);
      const ofPayment = await list(`paymentId=${stuck[0]!.paymentId}`);
      expect(ofPayment.data.map(({ id }) => id)).toEqual([first]);
    });

    test('404 for an unknown operation, 400 for another state or without a reason, 403 for a guest', async () => {
      const path = `/v1/admin/payment-operations`;
      expectProblem(await retry(randomUUID()), 404, 'payment.operation_not_found');
      expectProblem(await admin().get(`${path}?status=done`), 400, 'request.invalid');
      const withoutReason = await admin().post(`${path}/${randomUUID()}/retry`, {});
      expectProblem(withoutReason, 400, 'request.invalid', '/reason');
      const guest = payments.service.as(testUser());
      expectProblem(await guest.post(`${path}/${randomUUID()}/retry`, REASON), 403, 'auth.forbidden');
    });
  });

  describe('the audit log', () => {
    test('is append-only', async () => {
      const { payment } = await payments.givenCaptured(testUser());
      await admin().post(`/v1/admin/payments/${payment.id}/refunds`, { amountMinor: 1, reason: 'Noise' });
      for (const statement of [
        `UPDATE admin_action SET reason = 'other'`,
        'DELETE FROM admin_action',
        'TRUNCATE admin_action',
      ]) {
        await expect(payments.service.query(statement)).rejects.toThrow(/append-only/);
      }
    });

    test('filters by administrator, action, subject and time', async () => {
      const { payment } = await payments.givenCaptured(testUser());
      await admin().post(`/v1/admin/payments/${payment.id}/refunds`, { amountMinor: 1, reason: 'Noise' });
      const log = async (query: string) => {
        const { body } = await admin().get<{ data: { subjectId: string; at: string }[] }>(
          `/v1/admin/payments/audit-log?subjectId=${payment.id}&${query}`,
        );
        return body.data;
      };
      const [entry] = await log(`adminId=${payments.admin.id}&action=payment.refund`);
      expect(entry).toMatchObject({ subjectId: payment.id, reason: 'Noise' });
      expect(await log(`from=${entry?.at}`)).toHaveLength(1);
      expect(await log(`to=${entry?.at}`)).toEqual([]);
      expect(await log(`adminId=${randomUUID()}`)).toEqual([]);
      expect(await log('action=refund.retry')).toEqual([]);
    });

    test('contains no entry of a request that was rejected', async () => {
      const { payment } = await payments.givenCaptured(testUser());
      const path = `/v1/admin/payments/${payment.id}/refunds`;
      const rejected = await admin().post(path, { amountMinor: 27_281, reason: 'Too much' });
      expectProblem(rejected, 409, 'payment.refund_too_large');
      const log = await admin().get(`/v1/admin/payments/audit-log?paymentId=${payment.id}`);
      expect(log.body).toEqual({ data: [], nextCursor: null });
    });

    test('401 without a token, 403 without the admin role', async () => {
      const path = '/v1/admin/payments/audit-log';
      expectProblem(await payments.service.anonymous.get(path), 401, 'auth.missing_token');
      expectProblem(await payments.service.as(testUser()).get(path), 403, 'auth.forbidden');
    });
  });
});
