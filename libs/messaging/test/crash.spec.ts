import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import pg from 'pg';
import { eventually, freshDatabase } from '@roost/testing';

const root = join(import.meta.dirname, '../../..');

/** Starts both services in a new process. */
function start(env: Record<string, string>): ChildProcess {
  return spawn(
    process.execPath,
    [
      '--conditions=@roost/source',
      '--import',
      './tools/register.js',
      join(import.meta.dirname, 'crash-node.ts'),
    ],
    { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
}

describe('after a process is killed', () => {
  let bookingsUrl: string;
  let identityUrl: string;
  let bookings: pg.Client;
  let identity: pg.Client;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    bookingsUrl = await freshDatabase('bookings');
    identityUrl = await freshDatabase('identity');
    bookings = new pg.Client({ connectionString: bookingsUrl });
    identity = new pg.Client({ connectionString: identityUrl });
    await Promise.all([bookings.connect(), identity.connect()]);
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all([bookings.end(), identity.end()]);
  });

  function run(thread: string, messages: number, fault = ''): ChildProcess {
    const child = start({
      BOOKINGS_URL: bookingsUrl,
      IDENTITY_URL: identityUrl,
      THREAD: thread,
      MESSAGES: String(messages),
      ROOST_FAULT: fault,
    });
    children.push(child);
    return child;
  }

  const committed = async (thread: string): Promise<string[]> =>
    (
      await bookings.query<{ id: string }>(
        `SELECT split_part(note, ' ', 2) AS id FROM scratch WHERE note LIKE $1 || ' %' ORDER BY id`,
        [thread],
      )
    ).rows.map(({ id }) => id);
  const effects = async (thread: string): Promise<string[]> =>
    (
      await identity.query<{ note: string }>('SELECT note FROM effect WHERE key = $1 ORDER BY at', [thread])
    ).rows.map(({ note }) => note);

  test('at any fault point, a restart applies each committed event exactly once and in order', async () => {
    const thread = randomUUID();
    const steps: [fault: string, moment: string][] = [
      ['bookings.before-commit:kill#3', 'before its commit'],
      ['bookings.after-commit:kill#3', 'after its commit, before the relay is woken'],
      ['identity.before-commit:kill#3', 'in the handler, before its commit'],
      ['identity.after-handler:kill#3', 'after the handler, before the cursor is saved'],
    ];
    for (const [fault, moment] of steps) {
      // Each restart first processes the events that the previous kill left.
      const killed = run(thread, 20, fault);
      expect([moment, ...(await once(killed, 'exit'))]).toEqual([moment, null, 'SIGKILL']);
    }
    expect((await committed(thread)).length).toBeGreaterThanOrEqual(5);
    await expectAllApplied(thread);
  }, 90_000);

  test('repeatedly and at random moments, no event is lost or applied twice', async () => {
    const thread = randomUUID();
    for (let round = 1; round <= 3; round += 1) {
      const killed = run(thread, 500);
      const goal = (await committed(thread).catch(() => [])).length + round * 17;
      await eventually(async () => expect((await committed(thread)).length).toBeGreaterThanOrEqual(goal), {
        seconds: 30,
      });
      killed.kill('SIGKILL');
      await once(killed, 'exit');
    }
    await expectAllApplied(thread);
  }, 90_000);

  /** Starts the process a last time without a fault, waits for all effects and stops it. */
  async function expectAllApplied(thread: string): Promise<void> {
    const last = run(thread, 1);
    await once(last.stdout as NodeJS.ReadableStream, 'data');
    const written = await committed(thread);
    await eventually(async () => expect(await effects(thread)).toEqual(written), { seconds: 20 });
    last.kill('SIGTERM');
    expect(await once(last, 'exit')).toEqual([0, null]);
  }
});
