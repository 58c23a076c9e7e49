/** For operators' processes, which have a pg client and no MikroORM; hence no `sql` template. */
import type { ClientBase } from 'pg';
import { type Position, START } from '../relay.queries.js';

/** The position behind all events of transactions that have ended. Events of running transactions sort after it. */
export async function endOfOutbox(client: ClientBase): Promise<Position> {
  const { rows } = await client.query<{ xid: string }>(
    'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid',
  );
  return { xid: rows[0]?.xid ?? START.xid, id: START.id };
}
