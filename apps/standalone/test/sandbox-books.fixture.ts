import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type EmbeddedPostgres, postgresTools } from '@roost/embedded';
import pg from 'pg';
import type { Installation } from './installation.fixture.js';
import { freshFolder } from './launcher.js';
import type { Payment } from './marketplace.fixture.js';

const DATABASE = 'roost_sandbox';

/**
 * What the sandbox provider has in its books. The provider is another company, which loses nothing when Roost does: its
 * database is saved before the loss and put back after the restore.
 */
export class SandboxBooks {
  private readonly file = join(freshFolder(), 'provider');

  constructor(private readonly installation: Installation) {}

  async intentOf({ id }: Payment): Promise<string> {
    const [intent] = await this.ids(`SELECT id FROM intent WHERE metadata ->> 'paymentId' = $1`, [id]);
    return intent ?? '';
  }

  async refundsOf(payment: Payment): Promise<string[]> {
    return this.ids('SELECT id FROM refund WHERE intent_id = $1', [await this.intentOf(payment)]);
  }

  transfers(): Promise<string[]> {
    return this.ids('SELECT id FROM transfer');
  }

  intentsChargedTwice(): Promise<string[]> {
    return this.ids(
      `SELECT intent_id AS id FROM book_entry WHERE kind = 'charge' GROUP BY 1 HAVING count(*) > 1`,
    );
  }

  /** As in its dashboard. */
  async refundAll(intentId: string): Promise<void> {
    const url = this.installation.env.SANDBOX_URL ?? '';
    const found = (await (await fetch(`${url}/v1/payment-intents/${intentId}`)).json()) as {
      capturedMinor: number;
    };
    const response = await fetch(`${url}/v1/refunds`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify({ intentId, amountMinor: found.capturedMinor }),
    });
    expect(response.status).toBeLessThan(300);
  }

  async save({ host, port, user, password }: Superuser): Promise<void> {
    const tools = await postgresTools();
    const from = ['--host', host, '--port', String(port), '--username', user, '--dbname', DATABASE];
    await tools.run('pg_dump', [...from, '--format', 'custom', '--file', this.file], { password });
  }

  async putBack(postgres: EmbeddedPostgres): Promise<void> {
    const client = new pg.Client({ connectionString: postgres.url('postgres') });
    await client.connect();
    await client.query(`DROP DATABASE ${DATABASE}`);
    await client.query(`CREATE DATABASE ${DATABASE}`);
    await client.end();
    const tools = await postgresTools();
    await tools.run('pg_restore', [
      ...['--no-owner', '--exit-on-error', '--dbname', postgres.url(DATABASE)],
      this.file,
    ]);
  }

  private async ids(sql: string, values: unknown[] = []): Promise<string[]> {
    const rows = await this.installation.operator.query<{ id: string }>('sandbox', sql, values);
    return rows.map(({ id }) => id);
  }
}

interface Superuser {
  host: string;
  port: number;
  user: string;
  password: string;
}
