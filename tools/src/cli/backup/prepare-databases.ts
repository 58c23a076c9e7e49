import { markRestored } from '@roost/app-payments/restoration';
import pg from 'pg';
import { SERVICES } from '../system.js';

/**
 * Prepares restored databases for what goes on outside of them since: events and payment providers. To be done once, before a
 * service starts.
 */
export async function prepareDatabases(
  connect: (database: string) => pg.ClientConfig,
  restoredTo: Date,
): Promise<void> {
  for (const service of SERVICES) {
    const client = new pg.Client(connect(`roost_${service}`));
    try {
      await client.connect();
    } catch (error) {
      // The service was never started.
      if ((error as { code?: string }).code === '3D000') continue;
      throw error;
    }
    try {
      // The owner of the tables, if this is the superuser.
      await client.query(
        'SELECT set_config($1, pg_get_userbyid(datdba), false) FROM pg_database WHERE datname = current_database()',
        ['role'],
      );
      await prepareDatabase(client, service, restoredTo);
    } finally {
      await client.end();
    }
  }
}

/** The outbox is published from its start, to empty topics: the inboxes of the consumers skip what they have handled. */
export async function prepareDatabase(
  client: pg.ClientBase,
  service: string,
  restoredTo: Date,
): Promise<void> {
  await client.query(`DELETE FROM outbox_cursor WHERE sink = 'kafka'`);
  if (service === 'payments') await markRestored(client, restoredTo);
}
