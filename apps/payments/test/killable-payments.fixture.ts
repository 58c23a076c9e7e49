import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import {
  type aUser,
  eventually,
  freshDatabase,
  freshRedis,
  ISSUER,
  TestClient,
  testJwksUrl,
} from '@roost/testing';
import pg from 'pg';
import type { Handed } from './payments.process.js';
import { type SandboxProcess, sourceOptions } from './sandbox.js';

const script = fileURLToPath(new URL('./payments.process.ts', import.meta.url));

/** Payments that is killed once, at a named point, and started again by whoever notices. */
export class Mortal {
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
