import type { TestService } from './test-service.js';

/**
 * Makes PostgreSQL respond to writes to a table, and to the probe of readiness, as with a full disk. Returns a function that frees the disk.
 */
export async function fillDisk(service: TestService, table: string): Promise<() => Promise<void>> {
  await service.query(`
    CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`);
  for (const name of [table, 'storage_probe']) {
    await service.query(
      `CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE OR DELETE ON ${name}
         FOR EACH STATEMENT EXECUTE FUNCTION disk_full()`,
    );
  }
  return async () => {
    await service.query('DROP FUNCTION disk_full CASCADE');
  };
}
