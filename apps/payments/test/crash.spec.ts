import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aUser } from '@roost/testing';
import { Mortal } from './mortal.js';
import { aBooking, type PaymentBody, type Reconciled } from './payments.js';
import { type SandboxProcess, startSandboxProcess } from './sandbox.js';

/** One of each kind in every run; `ROOST_FAULTS=all` dies at each call to the provider and around each commit. */
const thorough = process.env.ROOST_FAULTS === 'all';
const calls = thorough ? ['create', 'confirm', 'capture', 'refund'] : ['confirm'];
const commits = thorough ? Array.from({ length: 16 }, (_, n) => n + 1) : [];
const number = { create: 1, confirm: 2, capture: 3, refund: 4 } as Record<string, number>;
const points = [
  ...calls.flatMap((call) => [
    [`before the ${call}`, `payments.before-provider:kill#${number[call]}`],
    [`after the ${call}`, `payments.after-provider:kill#${number[call]}`],
  ]),
  ['after the money was taken, before it is recorded', 'payments.after-capture:kill'],
  ['before a webhook is handled', 'payments.before-webhook-handled:kill'],
  ...commits.flatMap((commit) => [
    [`before commit ${commit}`, `payments.before-commit:kill#${commit}`],
    [`after commit ${commit}`, `payments.after-commit:kill#${commit}`],
  ]),
] as [string, string][];

describe('kill -9', () => {
  let sandbox: SandboxProcess;
  let dataDir: string;
  const admin = aUser({ roles: ['admin'] });
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'roost-payments-'));
    sandbox = await startSandboxProcess();
  });
  afterAll(async () => {
    await sandbox.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  test.each(points)(
    '%s: one charge, told once, and every book agrees',
    async (_name, point) => {
      const payments = await Mortal.start(sandbox, point, dataDir);
      try {
        const guest = aUser();
        const booking = aBooking({ guest, bookingMode: 'request' });
        const becomes = (...statuses: string[]) =>
          payments.live(async (as) => {
            const { body } = await as(guest).get<PaymentBody>(`/v1/bookings/${booking.bookingId}/payment`);
            expect(statuses).toContain(body.status);
            return body;
          });

        await payments.hand('booking.created', booking);
        const { id } = await becomes('requires_payment_method');
        await payments.live(async (as) => {
          const answer = await as(guest).post(`/v1/payments/${id}/confirm`, {
            paymentMethod: 'pm_card_visa',
          });
          expect(answer.status).toBe(200);
        });
        await becomes('authorized');
        await payments.hand('booking.accepted', { ...booking, state: 'awaiting_capture' });
        await becomes('captured');
        await payments.hand('booking.confirmed', { ...booking, state: 'confirmed', late: false });
        await payments.hand('booking.cancelled', {
          ...booking,
          state: 'cancelled',
          by: 'guest',
          refundMinor: 27_280,
          refundLines: [],
          hostPenaltyMinor: 0,
        });
        await becomes('refunded');

        expect(payments.deaths).toBe(1);
        const { rows: told } = await payments.database.query<{ type: string; count: number }>(
          `SELECT type, count(*)::int AS count FROM outbox_event GROUP BY type ORDER BY type`,
        );
        expect(Object.fromEntries(told.map((row) => [row.type, row.count]))).toEqual({
          'payment.authorized': 1,
          'payment.captured': 1,
          'payment.created': 1,
          'payment.refunded': 1,
        });
        const intent = await sandbox.intentOf(id);
        expect(await sandbox.books(intent.id)).toEqual([
          ['charge', 27_280],
          ['refund', -27_280],
        ]);
        const { rows: net } = await payments.database.query(
          `SELECT a.code FROM movement m JOIN ledger_account a ON a.id IN (m.debit_id, m.credit_id) GROUP BY a.code
           HAVING sum(CASE WHEN a.id = m.debit_id THEN m.amount_minor ELSE -m.amount_minor END) <> 0`,
        );
        expect(net).toEqual([]);
        await payments.live(async (as) => {
          const { body } = await as(admin).get<Reconciled>('/v1/admin/reconciliation');
          // The sandbox serves all these lives; those of the others are unknown in this database.
          const own = body.differences.filter((one) => one.providerRef === intent.id || one.paymentId === id);
          expect({ balanced: body.balanced, own }).toEqual({ balanced: true, own: [] });
        });
      } finally {
        await payments.stop();
      }
    },
    90_000,
  );
});
