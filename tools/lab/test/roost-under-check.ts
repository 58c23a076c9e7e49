import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync } from 'node:crypto';
import pg from 'pg';
import type { Database } from '../../src/check/difference.js';
import { PROVIDER_TIMEOUT_SECONDS } from '../../src/check/inside-airbnb-fixture.js';
import { RunningRoost } from '../../src/check/running-roost.js';
import { APPS, clientUrl, forwarded, rolledOut, roost, scaledTo } from './roost-in-lab.js';

/** Roost on the lab for a simulation: two replicas of each app, and a key that signs tokens of any user. */
export class RoostUnderCheck extends RunningRoost {
  private readonly pools = new Map<Database, pg.Pool>();

  private constructor(
    url: string,
    signingKey: { key: KeyObject; id: string },
    private readonly postgres: URL,
  ) {
    super(url, signingKey);
  }

  static async use(work: (roost: RoostUnderCheck) => Promise<void>): Promise<void> {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await roost('set', 'env', 'deployment/identity', `JWT_PRIVATE_KEY=${pem}`);
    await roost('set', 'env', 'deployment/payments', `PROVIDER_TIMEOUT_SECONDS=${PROVIDER_TIMEOUT_SECONDS}`);
    await Promise.all(APPS.map(rolledOut));
    await Promise.all(APPS.map((app) => scaledTo(app, 2)));
    const url = await clientUrl();
    const signingKey = { key: privateKey, id: await RunningRoost.idOfKey(privateKey, url) };
    await forwarded('pod/postgres-0', 5432, async (address) => {
      const self = new RoostUnderCheck(url, signingKey, new URL(address));
      try {
        await work(self);
      } finally {
        await Promise.all([...self.pools.values()].map((pool) => pool.end()));
      }
    });
  }

  async query<Row extends object>(database: Database, sql: string): Promise<Row[]> {
    const connectionString = `postgresql://postgres@127.0.0.1:${this.postgres.port}/roost_${database}`;
    const pool = this.pools.get(database) ?? new pg.Pool({ connectionString, max: 1 });
    this.pools.set(database, pool);
    return (await pool.query(sql)).rows as Row[];
  }
}
