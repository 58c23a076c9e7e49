import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aUser } from '@roost/testing';
import { Mortal } from './mortal.js';
import { aBooking, aChange, LONGER, type PaymentBody, type Reconciled, SHORTER } from './payments.js';
import { type SandboxProcess, startSandboxProcess } from './sandbox.js';

/** Some in every run; `ROOST_FAULTS=all` dies at each call to the provider and around each commit. */
const thorough = process.env.ROOST_FAULTS === 'all';
const calls = {
  create: 1,
  confirm: 2,
  'create for the change': 3,
  'confirm of the change': 4,
  'first refund': 5,
  'second refund': 6,
};
const chosen = thorough
  ? Object.entries(calls)
  : Object.entries(calls).filter(([name]) => name === 'second refund');
const commits = thorough ? Array.from({ length: 24 }, (_, n) => n + 1) : [];
const points: [string, string][] = [
  ...chosen.flatMap(([name, number]): [string, string][] => [
    [`before the ${name}`, `payments.before-provider:kill#${number}`],
    [`after the ${name}`, `payments.after-provider:kill#${number}`],
  ]),
  ['after the money of the change was taken, before it is recorded', 'payments.after-capture:kill#2'],
  ...commits.flatMap((commit): [string, string][] => [
    [`before commit ${commit}`, `payments.before-commit:kill#${commit}`],
    [`after commit ${commit}`, `payments.after-commit:kill#${commit}`],
  ]),
];

describe('kill -9 while a booking is changed', () => {
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
    '%s: each charged once, refunded once over both payments, and every book agrees',
    async (_name, point) => {
      const payments = await Mortal.start(sandbox, point, dataDir);
      try {
        const guest = aUser();
        const booking = { ...aBooking({ guest }), state: 'confirmed' as const, holdExpiresAt: null };
        const due = (purpose: string, ...statuses: string[]) =>
          payments.live(async (as) => {
            const { body } = await as(guest).get<PaymentBody>(`/v1/bookings/${booking.bookingId}/payment`);
            expect({ purpose: body.purpose, status: body.status }).toEqual({
              purpose,
              status: expect.stringMatching(statuses.join('|')) as string,
            });
            return body;
          });
        const pay = async (purpose: string) => {
          const { id } = await due(purpose, 'requires_payment_method');
          await payments.live(async (as) => {
            const card = { paymentMethod: 'pm_card_visa' };
            expect((await as(guest).post(`/v1/payments/${id}/confirm`, card)).status).toBe(200);
          });
          await due(purpose, 'captured');
          return id;
        };

        await payments.hand('booking.created', { ...booking, state: 'pending_payment' });
        const original = await pay('booking');
        await payments.hand('booking.confirmed', { ...booking, late: false });
        const longer = aChange(booking, LONGER);
        await payments.hand('booking.change-accepted', longer);
        const added = await pay('change');
        await payments.hand('booking.change-applied', { ...longer, ...LONGER });
        const shorter = aChange({ ...booking, ...LONGER }, SHORTER);
        await payments.hand('booking.change-accepted', shorter);
        await payments.hand('booking.change-applied', { ...shorter, ...SHORTER });
        for (const [id, status] of [
          [added, 'refunded'],
          [original, 'partially_refunded'],
        ] as const) {
          await payments.live(async (as) => {
            expect((await as(guest).get<PaymentBody>(`/v1/payments/${id}`)).body.status).toBe(status);
          });
        }

        expect(payments.deaths).toBe(1);
        const { rows: told } = await payments.database.query<{ type: string; count: number }>(
          `SELECT type, count(*)::int AS count FROM outbox_event GROUP BY type`,
        );
        expect(Object.fromEntries(told.map((row) => [row.type, row.count]))).toEqual({
          'payment.captured': 2,
          'payment.created': 2,
          'payment.refunded': 2,
        });
        for (const [id, charge] of [
          [original, 27_280],
          [added, 12_400],
        ] as const) {
          const intent = await sandbox.intentOf(id);
          expect(await sandbox.books(intent.id)).toEqual([
            ['charge', charge],
            ['refund', -12_400],
          ]);
        }
        const { rows: net } = await payments.database.query<{ code: string; net: string }>(
          `SELECT a.code, sum(CASE WHEN a.id = m.debit_id THEN m.amount_minor ELSE -m.amount_minor END)::int AS net
           FROM movement m JOIN ledger_account a ON a.id IN (m.debit_id, m.credit_id) GROUP BY a.code ORDER BY a.code`,
        );
        expect(net.filter((row) => Number(row.net) !== 0)).toEqual([
          { code: 'host_payable', net: -11_640 },
          { code: 'platform_revenue', net: -2_040 },
          { code: 'provider_clearing', net: 14_880 },
          { code: 'tax_payable', net: -1_200 },
        ]);
        await payments.live(async (as) => {
          const { body } = await as(admin).get<Reconciled>('/v1/admin/reconciliation');
          // The sandbox serves all these lives; those of the others are unknown in this database.
          const own = body.differences.filter(({ kind }) => kind !== 'provider.unknown_payment');
          expect({ balanced: body.balanced, own }).toEqual({ balanced: true, own: [] });
        });
      } finally {
        await payments.stop();
      }
    },
    90_000,
  );
});
