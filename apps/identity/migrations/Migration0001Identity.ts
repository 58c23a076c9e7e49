import { Migration } from '@mikro-orm/migrations';

export class Migration0001Identity extends Migration {
  override name = 'Migration0001Identity';

  override up(): void {
    this.addSql(`
      CREATE TABLE user_account (
        id uuid PRIMARY KEY,
        version integer NOT NULL,
        email text NOT NULL UNIQUE,
        display_name text NOT NULL,
        locale text NOT NULL,
        roles text[] NOT NULL CHECK (roles <@ '{guest,host,admin}' AND 'guest' = ANY (roles)),
        status text NOT NULL CHECK (status IN ('active', 'suspended', 'erased')),
        email_verified_at timestamptz,
        password_hash text,
        mfa_exempt boolean NOT NULL DEFAULT false,
        session_epoch integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL
      )`);
    this.addSql(`
      CREATE TABLE session (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES user_account ON DELETE CASCADE,
        epoch integer NOT NULL,
        user_agent text,
        mfa_passed boolean NOT NULL,
        auth_time timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        revoked_for text CHECK (revoked_for IN ('logout', 'revoked', 'reuse', 'password', 'suspended')),
        CHECK ((revoked_at IS NULL) = (revoked_for IS NULL))
      )`);
    this.addSql(`CREATE INDEX session_live ON session (user_id, id DESC) WHERE revoked_at IS NULL`);
    this.addSql(`CREATE INDEX session_end ON session (expires_at)`);
    // Only the hash of a token is kept. The successor is sealed with a key made from the token it follows, so
    // that whoever sends that token again within the grace can be given the same one, and nobody else.
    this.addSql(`
      CREATE TABLE refresh_token (
        token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
        session_id uuid NOT NULL REFERENCES session ON DELETE CASCADE,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at timestamptz,
        successor_hash bytea UNIQUE,
        successor_sealed text,
        CHECK ((used_at IS NULL) = (successor_hash IS NULL))
      )`);
    this.addSql(`CREATE INDEX refresh_token_session ON refresh_token (session_id)`);
    // Keyed by the hash of the address as it was typed, known or not: both are counted and locked alike.
    this.addSql(`
      CREATE TABLE login_attempt (
        subject bytea PRIMARY KEY,
        failures integer NOT NULL CHECK (failures >= 0),
        locked_until timestamptz,
        last_failed_at timestamptz
      )`);
    this.addSql(`CREATE INDEX login_attempt_age ON login_attempt (last_failed_at)`);
    // What a verification confirms is kept with its token: registering an address that somebody else has
    // registered and never verified must not leave that stranger's password on it.
    this.addSql(`
      CREATE TABLE one_time_token (
        token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
        purpose text NOT NULL CHECK (purpose IN ('verify-email', 'reset-password')),
        user_id uuid NOT NULL REFERENCES user_account ON DELETE CASCADE,
        pending_password_hash text,
        pending_display_name text,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
      )`);
    this.addSql(`CREATE INDEX one_time_token_user ON one_time_token (user_id, purpose, created_at)`);
    this.addSql(`CREATE INDEX one_time_token_end ON one_time_token (expires_at)`);
    this.addSql(`
      CREATE TABLE mail (
        id uuid PRIMARY KEY,
        recipient text NOT NULL,
        template text NOT NULL,
        subject text NOT NULL,
        text text NOT NULL,
        html text NOT NULL,
        token text,
        created_at timestamptz NOT NULL,
        sent_at timestamptz
      )`);
    this.addSql(`CREATE INDEX mail_recipient ON mail (recipient, id DESC)`);
    this.addSql(`CREATE INDEX mail_unsent ON mail (id) WHERE sent_at IS NULL`);
    this.addSql(`
      CREATE TABLE signing_key (
        kid text PRIMARY KEY,
        public_jwk jsonb NOT NULL,
        private_sealed text,
        created_at timestamptz NOT NULL,
        active_from timestamptz NOT NULL,
        retire_at timestamptz
      )`);
  }

  override down(): void {
    for (const table of [
      'signing_key',
      'mail',
      'one_time_token',
      'login_attempt',
      'refresh_token',
      'session',
      'user_account',
    ]) {
      this.addSql(`DROP TABLE ${table}`);
    }
  }
}
