import type { PoolClient } from 'pg';
import { z } from 'zod';
import type { Database } from './database.js';

const share = z.number().min(0).max(1);

/** How unkind the provider is. All off is an ordinary provider. */
export const Switches = z.strictObject({
  webhookUrl: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  /** Share of webhooks that are never sent. */
  drop: share.default(0),
  /** Most copies of one webhook that are sent; each gets 1..n. */
  copies: z.int().min(1).max(10).default(1),
  delayMs: z.int().min(0).max(600_000).default(0),
  /** Each webhook waits a random part of this long, so that they overtake each other. */
  shuffleMs: z.int().min(0).max(600_000).default(0),
});
export type Switches = z.output<typeof Switches>;

export async function readSwitches(client: Pick<PoolClient, 'query'>): Promise<Switches> {
  const found = await client.query<{ value: unknown }>('SELECT value FROM switches');
  return Switches.parse(found.rows[0]?.value ?? {});
}

export async function writeSwitches(database: Database, switches: Switches): Promise<void> {
  await database.pool.query(
    'INSERT INTO switches (value) VALUES ($1) ON CONFLICT (only_row) DO UPDATE SET value = excluded.value',
    [JSON.stringify(switches)],
  );
}

/** What happens to the next requests of a route; also per request in the header `sandbox-fault`. */
export const Fault = z.strictObject({
  route: z.enum(['create', 'confirm', 'capture', 'cancel', 'refund', 'read', 'any']),
  /** lost: never arrives · fail: 503, nothing done · silent: done, but the connection dies · hang: done, no answer for long */
  kind: z.enum(['lost', 'fail', 'silent', 'hang']),
  times: z.int().min(1).max(100_000).default(1),
});
export type Fault = z.output<typeof Fault>;
export type FaultKind = Fault['kind'];

export class Faults {
  private planned: Fault[] = [];

  plan(faults: Fault[]): void {
    this.planned = faults.map((fault) => ({ ...fault }));
  }

  take(route: Fault['route'], header: unknown): FaultKind | undefined {
    const named = Fault.shape.kind.safeParse(header);
    if (named.success) return named.data;
    const fault = this.planned.find((one) => one.times > 0 && (one.route === route || one.route === 'any'));
    if (!fault) return undefined;
    fault.times -= 1;
    return fault.kind;
  }
}
