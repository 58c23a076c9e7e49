import { Migration } from '@mikro-orm/migrations';

/** Passkeys (WebAuthn credentials) and the challenges that they sign. */
export class Migration0010Passkeys extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE passkey (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES user_account ON DELETE CASCADE,
        name text NOT NULL,
        credential_id text NOT NULL UNIQUE,
        public_key bytea NOT NULL,
        sign_count bigint NOT NULL,
        transports jsonb NOT NULL,
        backed_up boolean NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz
      )`);
    this.addSql(`CREATE INDEX passkey_user ON passkey (user_id, id)`);
    // A challenge of a signed-in user is valid in their session only.
    this.addSql(`
      CREATE TABLE passkey_challenge (
        challenge_hash bytea PRIMARY KEY CHECK (length(challenge_hash) = 32),
        purpose text NOT NULL CHECK (purpose IN ('log-in', 'register', 'step-up')),
        session_id uuid REFERENCES session ON DELETE CASCADE,
        expires_at timestamptz NOT NULL,
        CHECK ((purpose = 'log-in') = (session_id IS NULL))
      )`);
    this.addSql(`CREATE INDEX passkey_challenge_end ON passkey_challenge (expires_at)`);
    this.addSql(
      `CREATE INDEX passkey_challenge_session ON passkey_challenge (session_id) WHERE session_id IS NOT NULL`,
    );
  }
}
