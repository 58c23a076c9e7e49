import { Migration } from '@mikro-orm/migrations';

export class Migration0003SecondFactor extends Migration {
  override name = 'Migration0003SecondFactor';

  override up(): void {
    this.addSql(`ALTER TABLE user_account ADD mfa_enabled boolean NOT NULL DEFAULT false`);
    // A code counts once: last_step is the latest period whose code was taken.
    this.addSql(`
      CREATE TABLE totp_factor (
        user_id uuid PRIMARY KEY REFERENCES user_account ON DELETE CASCADE,
        secret_sealed text NOT NULL,
        created_at timestamptz NOT NULL,
        confirmed_at timestamptz,
        last_step bigint
      )`);
    this.addSql(`
      CREATE TABLE recovery_code (
        user_id uuid NOT NULL REFERENCES user_account ON DELETE CASCADE,
        code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
        used_at timestamptz,
        PRIMARY KEY (user_id, code_hash)
      )`);
    this.addSql(`
      CREATE TABLE mfa_challenge (
        token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
        user_id uuid NOT NULL REFERENCES user_account ON DELETE CASCADE,
        session_epoch integer NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
      )`);
    this.addSql(`CREATE INDEX mfa_challenge_end ON mfa_challenge (expires_at)`);
  }

  override down(): void {
    for (const table of ['mfa_challenge', 'recovery_code', 'totp_factor']) this.addSql(`DROP TABLE ${table}`);
    this.addSql(`ALTER TABLE user_account DROP mfa_enabled`);
  }
}
