import { Migration } from '@mikro-orm/migrations';

/** Accounts at OpenID Connect providers that log in to accounts here, the sign-ins in progress, and how each session was opened. */
export class Migration0017ExternalIdentities extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE external_identity (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES user_account ON DELETE CASCADE,
        issuer text NOT NULL,
        subject text NOT NULL,
        email text,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        UNIQUE (issuer, subject),
        UNIQUE (user_id, issuer)
      )`);
    // State, nonce and code verifier are derived from the token, which only the client has.
    this.addSql(`
      CREATE TABLE oidc_sign_in (
        token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
        provider text NOT NULL,
        redirect_uri text NOT NULL,
        -- of a user who links the account; null for a log-in
        session_id uuid REFERENCES session ON DELETE CASCADE,
        expires_at timestamptz NOT NULL
      )`);
    this.addSql(`CREATE INDEX oidc_sign_in_end ON oidc_sign_in (expires_at)`);
    this.addSql(
      `CREATE INDEX oidc_sign_in_session ON oidc_sign_in (session_id) WHERE session_id IS NOT NULL`,
    );
    // Null in rows of the previous version.
    this.addSql(`ALTER TABLE session ADD COLUMN method text`);
    this.addSql(`ALTER TABLE mfa_challenge ADD COLUMN method text`);
  }
}
