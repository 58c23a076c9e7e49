import { execFile } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EmbeddedPostgres, startPostgres } from '@roost/embedded';
import { pythonPrograms, eventually, S3Server } from '@roost/testing';
import pg from 'pg';
import type { BackupMethod, Restored, RestoreRequest } from './backup-method.js';
import type { Installation } from './installation.fixture.js';
import { type Env, freshFolder } from './launcher.js';

const execute = promisify(execFile);

const BUCKET = 'roost-backups';
const PASSWORDS = ['superuser.password', 'role.password'];

/** barman-cloud with an S3, by the commands of docs/backup.md for own servers. Photos are in the same S3. */
export class S3Backup implements BackupMethod {
  private s3: S3Server | null = null;
  private readonly document = documented('Own servers without Kubernetes');
  private variables: Env = {};
  /** The passwords of databases are in the secret store of an operator, who does not lose them with the data. */
  private readonly safe = freshFolder();

  async prepare(env: Env): Promise<void> {
    this.s3 = await S3Server.start();
    await this.s3.createBucket(BUCKET);
    this.variables = { ...(await pythonPrograms('barman-cloud')), ...this.s3.awsEnv };
    Object.assign(env, this.s3.env, this.variables);
    // For the servers that the drill starts itself: their commands inherit the variables.
    Object.assign(process.env, this.variables);
    const folder = postgresFolder(env.ROOST_DATA_DIR);
    await (await startPostgres({ dataDir: folder })).stop();
    appendFileSync(join(folder, 'data', 'postgresql.conf'), this.forDrill(this.document.settings));
    for (const name of PASSWORDS) copyFileSync(join(folder, name), join(this.safe, name));
  }

  async backUp(installation: Installation): Promise<number> {
    await this.runDaily(installation);
    return this.server.bytesIn(BUCKET, 'main/base/');
  }

  async backUpAgain(installation: Installation): Promise<void> {
    await this.runDaily(installation);
  }

  async restore({ operator }: Installation, { to, into, keys }: RestoreRequest): Promise<Restored> {
    const started = performance.now();
    const folder = postgresFolder(into);
    const cluster = join(folder, 'data');
    const adapted = (text: string) =>
      this.forDrill(text)
        .replaceAll('2027-05-01 13:00:00+00', to.toISOString().replace('T', ' ').replace('Z', '+00'))
        .replaceAll('/srv/postgres-restored', cluster);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    await this.shell(adapted(this.document.restore));
    appendFileSync(join(cluster, 'postgresql.conf'), adapted(this.document.recoverySettings));
    for (const name of PASSWORDS) copyFileSync(join(this.safe, name), join(folder, name));
    copyFileSync(keys, join(into, 'secrets.json'));
    const postgres = await startPostgres({ dataDir: folder });
    try {
      const lastTransaction = await untilRecovered(postgres);
      await operator.json('restore', 'mark', '--to', to.toISOString(), '--data-dir', into, '--yes');
      return { lastTransaction, seconds: (performance.now() - started) / 1_000 };
    } finally {
      await postgres.stop();
    }
  }

  async backUpRestored(installation: Installation): Promise<void> {
    await this.runDaily(installation, 'main-restored');
  }

  async stop(): Promise<void> {
    await this.s3?.stop();
  }

  private async runDaily({ superuser }: Installation, name = 'main'): Promise<void> {
    const { host, port, user, password } = superuser;
    const commands = this.forDrill(this.document.daily).replaceAll(`${BUCKET} main`, `${BUCKET} ${name}`);
    const server = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
    await this.shell(commands, server);
  }

  private forDrill(text: string): string {
    return text.replaceAll('https://s3.example.com', this.server.url);
  }

  private get server(): S3Server {
    if (!this.s3) throw new Error('S3 does not run');
    return this.s3;
  }

  private async shell(script: string, variables: Env = {}): Promise<void> {
    await execute('sh', ['-euc', script], { env: { ...process.env, ...this.variables, ...variables } });
  }
}

const postgresFolder = (dataDir = ''): string => join(dataDir, 'postgres');

/** It accepts connections before its recovery has ended. Resolves with the time of the last transaction. */
async function untilRecovered(postgres: EmbeddedPostgres): Promise<Date> {
  const client = new pg.Client({ connectionString: postgres.url('postgres') });
  await client.connect();
  try {
    return await eventually(
      async () => {
        const { rows } = await client.query<{ recovering: boolean; last: Date }>(
          'SELECT pg_is_in_recovery() AS recovering, pg_last_xact_replay_timestamp() AS last',
        );
        expect(rows).toMatchObject([{ recovering: false, last: expect.any(Date) }]);
        return rows[0]?.last as Date;
      },
      { seconds: 120 },
    );
  } finally {
    await client.end();
  }
}

/** The code blocks of a section of docs/backup.md: the drill runs what an operator reads. */
function documented(heading: string) {
  const text = readFileSync(new URL('../../../docs/backup.md', import.meta.url), 'utf8');
  const section = text.split('\n## ').find((each) => each.startsWith(`${heading}\n`)) ?? '';
  const blocks = [...section.matchAll(/^```\w+\n(.*?)^```$/gms)].map(([, block]) => block);
  const [settings, daily, restore, recoverySettings] = blocks;
  if (!settings || !daily || !restore || !recoverySettings)
    throw new Error(`docs/backup.md has not the four blocks of code in "${heading}"`);
  return { settings, daily, restore, recoverySettings };
}
