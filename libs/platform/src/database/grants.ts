import { StartError } from '../config/read-config.js';
import { type DatabaseAddress, withClient } from './connect.js';
import { MIGRATION_TABLE } from './migrator.js';

/**
 * Lets a role read and write the data of a service, and nothing else: no statement that changes tables, no TRUNCATE. The
 * role in the URL must own the tables. Triggers keep the ledger append-only for every role.
 */
export async function grantDataAccess(address: DatabaseAddress, role: string): Promise<void> {
  const { service } = address;
  await withClient(address, async (client) => {
    const { rows } = await client.query<{ database: string; owner: string; known: boolean }>(
      `SELECT current_database() AS database, current_user AS owner,
              EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS known`,
      [role],
    );
    const [{ database, owner, known } = { database: '', owner: '', known: false }] = rows;
    if (!known)
      throw new StartError(
        `The role ${role} in DATABASE_ROLE of ${service} does not exist: CREATE ROLE ${role} LOGIN.`,
      );
    if (owner === role)
      throw new StartError(
        `DATABASE_ROLE of ${service} is ${role}, the owner in DATABASE_URL: name the role with which the service runs.`,
      );
    const to = client.escapeIdentifier(role);
    const statements = [
      // `roost replay projections` compares in temporary tables.
      `GRANT CONNECT, TEMPORARY ON DATABASE ${client.escapeIdentifier(database)} TO ${to}`,
      `GRANT USAGE ON SCHEMA public TO ${to}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${to}`,
      `REVOKE INSERT, UPDATE, DELETE ON ${MIGRATION_TABLE} FROM ${to}`,
      `GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${to}`,
      `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO ${to}`,
      `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${to}`,
      `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO ${to}`,
      `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO ${to}`,
    ];
    try {
      await client.query(`BEGIN; SET LOCAL lock_timeout = '5s'; ${statements.join('; ')}; COMMIT`);
    } catch (error) {
      throw new StartError(
        `The access of ${role} to the database of ${service} could not be granted: ${(error as Error).message}.`,
        { cause: error },
      );
    }
  });
}
