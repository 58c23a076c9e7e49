import { Migration } from '@mikro-orm/migrations';

/** The tables of the platform in the database of each service. */
export class Migration0000Platform extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE idempotency_key (
        user_id uuid NOT NULL,
        method text NOT NULL,
        path text NOT NULL,
        key text NOT NULL,
        fingerprint bytea NOT NULL,
        lease uuid,
        lease_until timestamptz,
        status smallint,
        body text,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, method, path, key)
      )`);
    this.addSql('CREATE INDEX idempotency_key_age ON idempotency_key (created_at)');
    // Empty: `probeStorage` writes to it while a disk is full. A full disk for the log of a logged table ends PostgreSQL.
    this.addSql('CREATE UNLOGGED TABLE storage_probe (filler text NOT NULL)');
  }
}
