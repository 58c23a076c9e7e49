import type { TestService } from './test-service.js';

/**
 * Makes PostgreSQL respond to writes to a table, and to the probe of readiness, as with a full disk, as far as the role of a
 * service can. Returns a function that frees the disk.
 */
export async function fillDisk(service: TestService, table: string): Promise<() => Promise<void>> {
  await service.query(`
    CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`);
  await service.query(
    `CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE OR DELETE ON ${table}
       FOR EACH STATEMENT EXECUTE FUNCTION disk_full()`,
  );
  const [row] = await service.query<{ name: string }>('SELECT quote_ident(current_database()) AS name');
  const temporaryTables = `TEMPORARY ON DATABASE ${row?.name}`;
  await service.query(`REVOKE ${temporaryTables} FROM PUBLIC, CURRENT_USER`);
  return async () => {
    await service.query('DROP FUNCTION disk_full CASCADE');
    await service.query(`GRANT ${temporaryTables} TO PUBLIC, CURRENT_USER`);
  };
}
