import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { EventType } from '@roost/contracts';
import {
  reservePort,
  testUser,
  eventually,
  freshDatabase,
  freshRedis,
  ISSUER,
  KillableProcess,
  runFolder,
  TestClient,
  testJwksUrl,
  type TestUser,
} from '@roost/testing';
import pg from 'pg';
import type { Reconciled } from './payments.fixture.js';
import type { ArmMessage, DeliverMessage, DoneMessage } from './payments-process.js';
import { type SandboxProcess, startSandboxProcess } from './sandbox.fixture.js';

type ClientOf = (user: TestUser) => TestClient;

/** Payments in a process that a fault kills at a named point, with the sandbox provider beside it. */
export class KillablePayments {
  private readonly admin = testUser({ roles: ['admin'] });

  private constructor(
    readonly sandbox: SandboxProcess,
    readonly database: pg.Pool,
    private readonly process: KillableProcess,
    private readonly url: string,
  ) {}

  static async start({
    env = {},
    startProvider = startSandboxProcess,
  }: {
    env?: Record<string, string>;
    startProvider?: typeof startSandboxProcess;
  } = {}): Promise<KillablePayments> {
    const [sandbox, databaseUrl, redisUrl, port] = await Promise.all([
      startProvider(),
      freshDatabase('roost_payments'),
      freshRedis(),
      reservePort(),
    ]);
    const url = `http://127.0.0.1:${port}`;
    await sandbox.switches({ webhookUrl: `${url}/v1/webhooks/sandbox` });
    const process = new KillableProcess({
      name: 'payments',
      script: 'apps/payments/test/payments-process.ts',
      startsOnMessage: true,
      env: {
        ROOST_ENV: 'test',
        ROOST_DATA_DIR: mkdtempSync(join(runFolder(), 'payments-')),
        BIND_HOST: '127.0.0.1',
        PORT: String(port),
        DATABASE_URL: databaseUrl,
        REDIS_URL: redisUrl,
        REDIS_PREFIX: `roost:${new URL(redisUrl).pathname.slice(1)}`,
        JWKS_URL: testJwksUrl(),
        JWT_ISSUER: ISSUER,
        LOG_LEVEL: 'fatal',
        ...sandbox.env,
        // A killed process holds the lease of its operation for 2.5 times this long.
        PROVIDER_TIMEOUT_SECONDS: '0.8',
        ...env,
      },
      ready: async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200),
    });
    await process.start();
    const database = new pg.Pool({ connectionString: databaseUrl, max: 2 });
    return new KillablePayments(sandbox, database, process, url);
  }

  get kills(): number {
    return this.process.kills;
  }

  /** Sets the fault of the running process, once no work of an earlier test can pass its fault point. */
  async arm(fault: string): Promise<void> {
    await eventually(async () => expect(await this.unfinished()).toEqual([]), { seconds: 40 });
    // Takes over after the kill.
    this.process.preload();
    await this.send({ arm: fault }, fault);
  }

  /** Repeats a step until it succeeds, also over a restart, as clients and relays do. */
  async retry<T>(step: (as: ClientOf) => Promise<T>): Promise<T> {
    return eventually(
      async () => {
        await this.process.healthy();
        // A move of the clock sweeps due work at once.
        await new TestClient(this.url).post('/dev/clock', { advance: 'PT1S' });
        return step((user) => new TestClient(this.url, { authorization: `Bearer ${user.token}` }));
      },
      { seconds: 40 },
    );
  }

  /** Delivers an event until it is handled: the same id each time. */
  deliver<T extends EventType>(type: T, body: DeliverMessage<T>['deliver']['body']): Promise<void> {
    const id = randomUUID();
    return this.retry(() => this.send({ deliver: { type, id, body } } as DeliverMessage, id));
  }

  /** Waits until providers, payments, ledger and bookings agree. */
  async agreed(): Promise<void> {
    await this.retry(async (as) => {
      const { body } = await as(this.admin).get<Reconciled>('/v1/admin/reconciliation');
      expect(body).toMatchObject({ balanced: true, differences: [] });
    });
  }

  /** The number of published events of a booking by type. */
  async published(bookingId: string): Promise<Record<string, number>> {
    const { rows } = await this.database.query<{ type: string; count: number }>(
      `SELECT type, count(*)::int AS count FROM outbox_event WHERE body ->> 'bookingId' = $1 GROUP BY type`,
      [bookingId],
    );
    return Object.fromEntries(rows.map(({ type, count }) => [type, count]));
  }

  /** The balances of a booking by account code, debits minus credits, without those at zero. */
  async balances(bookingId: string): Promise<Record<string, number>> {
    const { rows } = await this.database.query<{ code: string; net: number }>(
      `SELECT a.code, sum(CASE WHEN a.id = m.debit_id THEN m.amount_minor ELSE -m.amount_minor END)::int AS net
       FROM movement m JOIN ledger_account a ON a.id IN (m.debit_id, m.credit_id)
       WHERE m.booking_id = $1 GROUP BY a.code`,
      [bookingId],
    );
    return Object.fromEntries(rows.filter(({ net }) => net !== 0).map(({ code, net }) => [code, net]));
  }

  async stop(): Promise<void> {
    await this.process.stop();
    await this.database.end();
    await this.sandbox.stop();
  }

  private async unfinished(): Promise<string[]> {
    const { rows } = await this.database.query<{ what: string }>(
      `SELECT kind AS what FROM payment_operation WHERE status = 'pending'
       UNION ALL SELECT type FROM webhook_event WHERE handled_at IS NULL
       UNION ALL SELECT 'payout' FROM payout WHERE status = 'in_transit'`,
    );
    const sent = await this.sandbox.request<{ data: { type: string; deliveredAt: string | null }[] }>(
      'GET',
      '/control/webhooks',
    );
    const undelivered = sent.data.filter(({ deliveredAt }) => deliveredAt === null);
    return [...rows.map(({ what }) => what), ...undelivered.map(({ type }) => type)];
  }

  /** Sends a message to the process and waits for the response with this id. */
  private send(message: DeliverMessage | ArmMessage, id: string): Promise<void> {
    const { child } = this.process;
    if (!child) return Promise.reject(new Error('payments is not running'));
    return new Promise<void>((resolve, reject) => {
      const onExit = () => finish(new Error('payments was killed'));
      const onMessage = (done: DoneMessage) => {
        if (done.id === id) finish(done.error === undefined ? undefined : new Error(done.error));
      };
      const finish = (error?: Error) => {
        child.off('exit', onExit).off('message', onMessage);
        if (error) reject(error);
        else resolve();
      };
      child.on('exit', onExit).on('message', onMessage);
      child.send(message, (error) => error && finish(error));
    });
  }
}
