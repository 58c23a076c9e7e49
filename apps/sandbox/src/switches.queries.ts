import type { PoolClient } from 'pg';
import { Switches } from './switches.js';

export async function readSwitches(client: Pick<PoolClient, 'query'>): Promise<Switches> {
  const { rows } = await client.query<{ value: unknown }>('SELECT value FROM switches');
  return Switches.parse(rows[0]?.value ?? {});
}

export async function storeSwitches(client: Pick<PoolClient, 'query'>, switches: Switches): Promise<void> {
  await client.query(
    'INSERT INTO switches (value) VALUES ($1) ON CONFLICT (only_row) DO UPDATE SET value = excluded.value',
    [JSON.stringify(switches)],
  );
}
