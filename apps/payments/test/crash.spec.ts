import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  aUser,
  eventually,
  freshDatabase,
  freshRedis,
  ISSUER,
  TestClient,
  testJwksUrl,
} from '@roost/testing';
import pg from 'pg';
import { aBooking, type PaymentBody, type Reconciled } from './payments.js';
import type { Handed } from './payments.process.js';
import { type SandboxProcess, sourceOptions, startSandboxProcess } from './sandbox.js';

const script = fileURLToPath(new URL('./payments.process.ts', import.meta.url));

/** Payments that is killed once, at a named point, and started again by whoever notices. */
class Mortal {
  deaths = 0;
  private child: ChildProcess | null = null;
  private url = '';

  private constructor(
    private readonly sandbox: SandboxProcess,
    private readonly env: Record<string, string>,
    private fault: string,
    readonly database: pg.Pool,
  ) {}

  static async start(sandbox: SandboxProcess, fault: string, dataDir: string): Promise<Mortal> {
    const databaseUrl = await freshDatabase('roost_payments');
    const redisUrl = await freshRedis();
    const env = {
      ROOST_ENV: 'test',
      ROOST_DATA_DIR: dataDir,
      BIND_HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      REDIS_PREFIX: `roost:${new URL(redisUrl).pathname.slice(1)}`,
      JWKS_URL: testJwksUrl(),
      JWT_ISSUER: ISSUER,
      LOG_LEVEL: 'fatal',
      ...sandbox.env,
      // A claim of the dead is given up soon.
      PROVIDER_TIMEOUT_SECONDS: '0.8',
    };
    const mortal = new Mortal(sandbox, env, fault, new pg.Pool({ connectionString: databaseUrl, max: 2 }));
    await mortal.revive();
    return mortal;
  }

  /** Repeats a step until it succeeds, over a death: callers try again, and so do relays. */
  async live<T>(step: (client: (user: ReturnType<typeof aUser>) => TestClient) => Promise<T>): Promise<T> {
    return eventually(
      async () => {
        if (this.child === null) await this.revive();
        // Domain time that moves sweeps what is due at once.
        await new TestClient(this.url).post('/dev/clock', { advance: 'PT1S' });
        return step((user) => new TestClient(this.url, { authorization: `Bearer ${user.token}` }));
      },
      { seconds: 40 },
    );
  }

  hand(type: Handed['type'], body: object): Promise<void> {
    const id = randomUUID();
    return this.live(
      () =>
        new Promise<void>((resolve, reject) => {
          const child = this.child;
          if (!child) return reject(new Error('dead'));
          child.once('exit', () => reject(new Error('died')));
          child.on('message', (answer: { handled?: string; failed?: string; error?: string }) => {
            if (answer.handled === id) resolve();
            if (answer.failed === id) reject(new Error(answer.error));
          });
          child.send({ type, id, body });
        }),
    );
  }

  async stop(): Promise<void> {
    const child = this.child;
    if (child) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    await this.database.end();
  }

  private async revive(): Promise<void> {
    const child = fork(script, {
      execArgv: sourceOptions,
      env: { ...process.env, NODE_OPTIONS: '', ...this.env, ROOST_FAULT: this.fault },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.fault = '';
    this.url = await new Promise<string>((resolve, reject) => {
      child.once('exit', () => reject(new Error('payments did not start')));
      child.once('message', (started: { url: string }) => resolve(started.url));
    });
    this.child = child;
    child.removeAllListeners('exit').once('exit', (_code, signal) => {
      if (signal === 'SIGKILL') this.deaths += 1;
      this.child = null;
    });
    await this.sandbox.switches({ webhookUrl: `${this.url}/v1/webhooks/sandbox` });
  }
}

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
