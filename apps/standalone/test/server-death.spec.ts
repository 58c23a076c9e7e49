import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { eventually } from '@roost/testing';
import { type Env, freshEnvironment, postgresPid, redisPid, type Run, run, stopAll } from './launcher.js';
import { Operator } from './operator.fixture.js';

jest.setTimeout(180_000);
afterAll(stopAll);

const WRITERS = 4;

interface Reply {
  status: number;
  retryAfter: string | null;
}

/** Writes until it is stopped, and keeps what was confirmed and what was rejected. */
class Writers {
  readonly users: string[] = [];
  readonly registered: string[] = [];
  readonly rejected: Reply[] = [];
  #stopped = false;
  readonly #loops: Promise<void[]>;

  constructor(private readonly url: string) {
    this.#loops = Promise.all(Array.from({ length: WRITERS }, (_, n) => this.#loop(n === 0)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loops;
  }

  async #loop(registers: boolean): Promise<void> {
    while (!this.#stopped) await (registers ? this.#register() : this.#create());
  }

  async #create(): Promise<void> {
    const response = await this.#post('/dev/users', {});
    if (response) this.users.push(((await response.json()) as { id: string }).id);
  }

  async #register(): Promise<void> {
    const email = `${randomUUID()}@example.com`;
    const registration = { email, password: 'a-long-enough-password', displayName: 'A guest' };
    if (await this.#post('/v1/auth/register', registration)) this.registered.push(email);
  }

  async #post(path: string, body: object): Promise<Response | null> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (response.ok) return response;
    this.rejected.push({ status: response.status, retryAfter: response.headers.get('retry-after') });
    await response.body?.cancel();
    return null;
  }
}

let env: Env;
let roost: Run;

beforeAll(async () => {
  env = { ...(await freshEnvironment()), ROOST_SERVICES: 'identity', RATE_LIMIT_PER_MINUTE: '0' };
  roost = run(env);
  await roost.prints('Roost is ready');
});

const userIds = async () =>
  (await new Operator(env).query<{ id: string }>('identity', 'SELECT id FROM user_account')).map(
    ({ id }) => id,
  );

test.each([
  ['PostgreSQL', postgresPid],
  ['Redis', redisPid],
])('kill -9 of %s during writes loses nothing that was confirmed', async (name, pidOf) => {
  const before = await userIds();
  const writers = new Writers(env.IDENTITY_URL ?? '');
  await eventually(() => expect(writers.users.length).toBeGreaterThan(10));
  const killed = pidOf(env);
  process.kill(killed, 'SIGKILL');
  await roost.prints(`${name} runs again`);
  const [users, registered] = [writers.users.length, writers.registered.length];
  await eventually(
    () => {
      expect(writers.users.length).toBeGreaterThan(users + 10);
      expect(writers.registered.length).toBeGreaterThan(registered + 2);
    },
    { seconds: 60 },
  );
  await writers.stop();

  expect(writers.rejected.filter(({ status, retryAfter }) => status !== 503 || !retryAfter)).toEqual([]);
  const after = new Set(await userIds());
  expect([...before, ...writers.users].filter((id) => !after.has(id))).toEqual([]);
  // The job that sends mails runs again.
  await eventually(
    async () => {
      const sent = await new Operator(env).query<{ recipient: string }>(
        'identity',
        'SELECT DISTINCT recipient FROM mail WHERE sent_at IS NOT NULL',
      );
      const recipients = new Set(sent.map(({ recipient }) => recipient));
      expect(writers.registered.filter((email) => !recipients.has(email))).toEqual([]);
    },
    { seconds: 60 },
  );
});

test('the Roost whose servers were restarted stops with exit code 0', async () => {
  expect(await roost.ends('SIGTERM')).toBe(0);
});
