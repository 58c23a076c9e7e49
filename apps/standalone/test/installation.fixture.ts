import { join } from 'node:path';
import { runningSuperuser } from '@roost/embedded';
import { eventually, TestClient } from '@roost/testing';
import { type Env, isRunning, postgresPid, run, type Run } from './launcher.js';
import { Operator } from './operator.fixture.js';

const TIMEOUT = { seconds: 60 };

/** A Roost that is started and killed, with the operator of its data folder. */
export class Installation {
  private process: Run | null = null;
  private currentOperator: Operator | null = null;

  /** `main`: the program that runs Roost. */
  constructor(
    readonly env: Env,
    private readonly main: string | undefined,
  ) {}

  get dataDir(): string {
    return this.env.ROOST_DATA_DIR ?? '';
  }

  /** Of the next start. */
  set dataDir(folder: string) {
    this.env.ROOST_DATA_DIR = folder;
  }

  get operator(): Operator {
    if (!this.currentOperator) throw new Error('Roost was never started');
    return this.currentOperator;
  }

  get gateway(): TestClient {
    return new TestClient(`http://127.0.0.1:${this.env.PORT}`);
  }

  get superuser() {
    const found = runningSuperuser(join(this.dataDir, 'postgres'));
    if (!found) throw new Error('PostgreSQL does not run');
    return found;
  }

  async launch(): Promise<void> {
    this.env.PUBLIC_URL = `http://127.0.0.1:${this.env.PORT}`;
    this.currentOperator?.stop();
    this.currentOperator = new Operator(this.env);
    this.process = run(this.env, this.main);
    await this.process.prints(/Roost is ready|Ctrl-C stops everything\./);
  }

  /** Waits until its PostgreSQL no longer writes to the data folder. */
  async kill(): Promise<void> {
    if (!this.process) throw new Error('Roost does not run');
    const postgres = postgresPid(this.env);
    await this.process.ends('SIGKILL');
    await eventually(() => expect(isRunning(postgres)).toBe(false), TIMEOUT);
    this.process = null;
  }

  async close(): Promise<void> {
    this.currentOperator?.stop();
    if (this.process) await this.kill();
  }

  /** A command of the operator that succeeds. */
  async command(...args: string[]): Promise<void> {
    const { code, out, err } = await this.operator.roost(...args);
    expect({ args, code, output: code === 0 ? '' : out + err }).toEqual({ args, code: 0, output: '' });
  }

  /** Runs the jobs that are due, instead of waiting for the next turn of the sweepers. */
  async runSweeps(): Promise<void> {
    expect((await this.gateway.post('/dev/clock', { advance: 'PT0S' })).status).toBe(200);
  }
}
