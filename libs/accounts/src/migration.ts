import { Migration } from '@mikro-orm/migrations';

/** A user without a row is active: the service has not received their first event yet. */
export class Migration0000AccountStanding extends Migration {
  override up(): void {
    this.addSql(`CREATE TABLE account_standing (
      user_id uuid PRIMARY KEY,
      version integer NOT NULL,
      status text NOT NULL)`);
    // The sessions that ended within the lifetime of an access token.
    this.addSql(`CREATE TABLE ended_session (
      session_id text PRIMARY KEY,
      reason text NOT NULL,
      tokens_expire_at timestamptz NOT NULL)`);
    this.addSql(`CREATE INDEX ended_session_expiry ON ended_session (tokens_expire_at)`);
  }
}

/**
 * The erased users, as the service has received them. Rows stay: a rebuild of `account_standing` finds no event of a user whose key
 * has ended.
 */
export class Migration0000AccountErasure extends Migration {
  override up(): void {
    // In system time, as the lifetime of the tokens with which an erased user may still write.
    this.addSql(`CREATE TABLE account_erasure (
      user_id uuid PRIMARY KEY,
      request_id uuid NOT NULL,
      -- null: all data is erased
      due_at timestamptz,
      last boolean NOT NULL DEFAULT false)`);
    this.addSql(`CREATE INDEX account_erasure_due ON account_erasure (due_at) WHERE due_at IS NOT NULL`);
  }
}

/** The exports of users, with the part of the service in encrypted chunks. */
export class Migration0000AccountExport extends Migration {
  override up(): void {
    this.addSql(`CREATE TABLE account_export (
      export_id uuid PRIMARY KEY,
      user_id uuid NOT NULL,
      -- in system time; null: the part is complete
      due_at timestamptz,
      -- the number of the run that writes the chunks
      attempt integer NOT NULL DEFAULT 0,
      expires_at timestamptz NOT NULL)`);
    this.addSql(`CREATE INDEX account_export_due ON account_export (due_at) WHERE due_at IS NOT NULL`);
    this.addSql(`CREATE INDEX account_export_user ON account_export (user_id)`);
    this.addSql(`CREATE INDEX account_export_expiry ON account_export (expires_at)`);
    this.addSql(`CREATE TABLE account_export_chunk (
      export_id uuid NOT NULL REFERENCES account_export ON DELETE CASCADE,
      attempt integer NOT NULL,
      position integer NOT NULL,
      content text NOT NULL,
      PRIMARY KEY (export_id, attempt, position))`);
  }
}
