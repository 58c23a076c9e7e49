import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { runningPostgres } from '@roost/embedded';
import { eventually } from '@roost/testing';
import pg from 'pg';
import { type Env, TOUR } from './launcher.js';

const root = new URL('../../../', import.meta.url);
const OPERATOR_PROCESS = new URL('./operator-process.fixture.ts', import.meta.url).pathname;

/** The services with a database. */
export const STATEFUL_SERVICES = ['identity', 'listings', 'bookings', 'payments', 'reviews'];

/** Tables without domain data: events in transit and temporary rows. */
const TRANSIENT_TABLES =
  /^(outbox_|inbox_|dead_letter|schema_migration|idempotency_key|session|refresh_token|login_attempt|signing_key|mail|one_time|calendar_mark|place_change|erasure|reconciliation_run)/;

export interface CommandResult {
  code: number | null;
  out: string;
  err: string;
}

/** Runs the commands of operators, and queries the databases directly. */
export class Operator {
  private process: ChildProcess | null = null;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly env: Env) {}

  /** Runs the command in a process that all commands share, after those that were started before. */
  roost(...args: string[]): Promise<CommandResult> {
    return this.roostWithInput('', ...args);
  }

  /** The command reads `input`, one line, from the standard input of that process. */
  roostWithInput(input: string, ...args: string[]): Promise<CommandResult> {
    const result = this.last.then(() => this.commandInProcess(args, input));
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Ends the shared process. */
  stop(): void {
    this.process?.kill('SIGKILL');
  }

  tour(): Promise<CommandResult> {
    return this.command(TOUR, ['--url', this.env.PUBLIC_URL ?? '']);
  }

  /** The JSON output of a command. */
  async json<T>(...args: string[]): Promise<T> {
    const { code, out, err } = await this.roost(...args, '--json');
    if (code !== 0) throw new Error(`roost ${args.join(' ')} ended with ${code}: ${err}`);
    return JSON.parse(out) as T;
  }

  async query<Row extends pg.QueryResultRow>(service: string, sql: string, values: unknown[] = []) {
    const url = runningPostgres(join(this.env.ROOST_DATA_DIR ?? '', 'postgres'))?.(`roost_${service}`);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  /**
   * A checksum of every domain table of every service, computed without code of Roost. `check_at`, the time of the next
   * request to a provider, is excluded because it changes over time.
   */
  async checksums(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const service of STATEFUL_SERVICES) {
      const tables = await this.query<{ name: string }>(
        service,
        `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`,
      );
      for (const { name } of tables.filter((table) => !TRANSIENT_TABLES.test(table.name))) {
        const [row] = await this.query<{ sum: string }>(
          service,
          `SELECT count(*) || ' rows ' || coalesce(md5(string_agg(md5(row::text), '' ORDER BY md5(row::text))), 'empty') AS sum
           FROM (SELECT to_jsonb(t) - 'check_at' AS row FROM "${name}" t) rows
           WHERE coalesce(row ->> 'action', '') NOT IN ('event.replay', 'projection.rebuild')`,
        );
        found[`${service}.${name}`] = row?.sum ?? '';
      }
    }
    return found;
  }

  private async commandInProcess(args: string[], input: string): Promise<CommandResult> {
    if (!this.process) {
      this.process = fork(OPERATOR_PROCESS, {
        execArgv: ['--conditions=@roost/source', '--import', new URL('tools/register.js', root).href],
        env: { ...process.env, ROOST_ENV: 'development', ...this.env },
        stdio: ['pipe', 'ignore', 'inherit', 'ipc'],
      });
      await once(this.process, 'message');
    }
    const exit = new AbortController();
    const onExit = () => exit.abort(new Error(`the process ended during roost ${args.join(' ')}`));
    this.process.once('exit', onExit);
    try {
      const response = once(this.process, 'message', { signal: exit.signal });
      this.process.stdin?.write(input);
      this.process.send({ args });
      const [result] = (await response) as [CommandResult];
      return result;
    } finally {
      this.process.off('exit', onExit);
    }
  }

  private async command(file: string, args: string[]): Promise<CommandResult> {
    const child = spawn(
      process.execPath,
      ['--conditions=@roost/source', '--import', new URL('tools/register.js', root).href, file, ...args],
      { env: { ...process.env, ROOST_ENV: 'development', ...this.env }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const [out, err, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((resolve) => child.once('close', resolve)),
    ]);
    return { code, out, err };
  }
}

export interface Rebuilt {
  kept: boolean;
  topics: {
    topic: string;
    events: number;
    tables: { table: string; onlyBefore: number; onlyAfter: number; rowsAfter: number }[];
  }[];
}

/** The newest entry of the audit log of a service. */
const lastCommand = async (operator: Operator, service: (typeof STATEFUL_SERVICES)[number]) =>
  (
    await operator.query(
      service,
      'SELECT action, admin_id, subject_id, details FROM admin_action ORDER BY at DESC LIMIT 1',
    )
  )[0];

/** Delivers every event again to each service: all are duplicates, and no table changes. */
export async function replayOntoFullTables(operator: Operator): Promise<void> {
  // A job numbers papers shortly after the payment.
  const unnumbered = () => operator.query('payments', 'SELECT id FROM paper WHERE number IS NULL');
  await eventually(async () => expect(await unnumbered()).toEqual([]), { seconds: 30 });
  const before = await operator.checksums();
  console.log(
    Object.entries(before)
      .map(([table, sum]) => `${table.padEnd(36)} ${sum}`)
      .join('\n'),
  );
  for (const service of STATEFUL_SERVICES) {
    const counts = await operator.json<{ delivered: number; known: number; ignored: number }>(
      ...['replay', 'events', service, '--yes'],
    );
    expect(counts).toMatchObject({ handled: 0, failed: 0, waiting: 0 });
    expect(counts.known).toBeGreaterThan(0);
    expect(counts.known + counts.ignored).toBe(counts.delivered);
    expect(await lastCommand(operator, service)).toEqual({
      ...{ action: 'event.replay', admin_id: null, subject_id: service, details: { topic: null } },
    });
  }
  expect(await operator.checksums()).toEqual(before);
}

/** Rebuilds the projections from their state topics: every row equals the previous one. */
export async function rebuildProjections(operator: Operator): Promise<void> {
  const before = await operator.checksums();
  for (const service of STATEFUL_SERVICES) {
    const { topics } = await operator.json<Rebuilt>('replay', 'projections', service, '--yes');
    const tables = topics.flatMap((topic) => topic.tables);
    expect(tables.length).toBeGreaterThan(0);
    for (const table of tables) expect(table).toMatchObject({ onlyBefore: 0, onlyAfter: 0 });
    expect(await lastCommand(operator, service)).toEqual({
      ...{ action: 'projection.rebuild', admin_id: null, subject_id: service },
      details: { topics: topics.map(({ topic }) => topic) },
    });
  }
  await eventually(
    async () => expect(await operator.query('bookings', 'SELECT 1 FROM calendar_mark')).toEqual([]),
    { seconds: 60 },
  );
  expect(await operator.checksums()).toEqual(before);
}
