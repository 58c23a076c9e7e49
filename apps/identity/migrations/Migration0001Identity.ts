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
        mfa_enabled boolean NOT NULL DEFAULT false,
        session_epoch integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL
      )`);
    this.createSessions();
    this.createCredentials();
    this.createOneTimeTokens();
    this.addSql(`
      CREATE TABLE signing_key (
        kid text PRIMARY KEY,
        public_jwk jsonb NOT NULL,
        private_sealed text,
        created_at timestamptz NOT NULL,
        active_from timestamptz NOT NULL,
        retire_at timestamptz
      )`);
    this.createMails();
    this.createNotifications();
  }

  private createSessions(): void {
    this.addSql(`
      CREATE TABLE session (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES user_account ON DELETE CASCADE,
        epoch integer NOT NULL,
        user_agent text,
        network text NOT NULL,
        mfa_passed boolean NOT NULL,
        auth_time timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        revoked_for text CHECK (revoked_for IN ('logout', 'revoked', 'reuse', 'password', 'suspended')),
        CHECK ((revoked_at IS NULL) = (revoked_for IS NULL))
      )`);
    this.addSql(`CREATE INDEX session_active ON session (user_id, id DESC) WHERE revoked_at IS NULL`);
    this.addSql(`CREATE INDEX session_end ON session (expires_at)`);
    // Only the hash of a token is stored. The successor is encrypted with a key derived from the token before it: a
    // client that sends that token again within the grace period receives the same successor.
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
  }

  private createCredentials(): void {
    // The keys are hashes that contain the entered mail address: addresses without an account are counted and locked
    // as well.
    this.addSql(`
      CREATE TABLE login_attempt (
        subject bytea PRIMARY KEY,
        account bytea NOT NULL,
        failures integer NOT NULL CHECK (failures >= 0),
        locked_until timestamptz,
        last_failed_at timestamptz
      )`);
    this.addSql(`CREATE INDEX login_attempt_account ON login_attempt (account)`);
    this.addSql(`CREATE INDEX session_device ON session (user_id, network)`);
    this.addSql(`CREATE INDEX login_attempt_age ON login_attempt (last_failed_at)`);
    // last_step is the latest period whose code was used: each code is accepted once.
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

  private createOneTimeTokens(): void {
    // A verification token stores the credentials that it confirms: an address that another person has registered and
    // never verified must not get that person's password.
    this.addSql(`
      CREATE TABLE one_time_token (
        token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
        purpose text NOT NULL
          CHECK (purpose IN ('verify-email', 'reset-password', 'email-change-old', 'email-change-new')),
        user_id uuid NOT NULL REFERENCES user_account ON DELETE CASCADE,
        pending_password_hash text,
        pending_display_name text,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
      )`);
    this.addSql(`CREATE INDEX one_time_token_user ON one_time_token (user_id, purpose, created_at)`);
    this.addSql(`CREATE INDEX one_time_token_end ON one_time_token (expires_at)`);
    this.addSql(`
      CREATE TABLE email_change (
        user_id uuid PRIMARY KEY REFERENCES user_account ON DELETE CASCADE,
        new_email text NOT NULL,
        created_at timestamptz NOT NULL,
        old_confirmed_at timestamptz,
        new_confirmed_at timestamptz
      )`);
  }

  private createMails(): void {
    this.addSql(`
      CREATE TABLE mail (
        id uuid PRIMARY KEY,
        recipient text NOT NULL,
        template text NOT NULL,
        subject text NOT NULL,
        text text NOT NULL,
        html text NOT NULL,
        token text,
        attempts integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        next_attempt_at timestamptz,
        sent_at timestamptz,
        given_up_at timestamptz
      )`);
    this.addSql(`CREATE INDEX mail_recipient ON mail (recipient, id DESC)`);
    this.addSql(`CREATE INDEX mail_due ON mail (next_attempt_at) WHERE next_attempt_at IS NOT NULL`);
  }

  private createNotifications(): void {
    // Mirrors of listings and bookings for the texts of mails. They contain no address.
    this.addSql(`
      CREATE TABLE listing_name (
        listing_id uuid PRIMARY KEY,
        version integer NOT NULL,
        title text NOT NULL,
        city text
      )`);
    this.addSql(`
      CREATE TABLE stay (
        booking_id uuid PRIMARY KEY,
        version integer NOT NULL,
        listing_id uuid NOT NULL,
        host_id uuid NOT NULL,
        guest_id uuid NOT NULL,
        state text NOT NULL,
        check_in_date date NOT NULL,
        check_out_date date NOT NULL,
        time_zone text NOT NULL,
        check_in_at timestamptz NOT NULL,
        check_out_at timestamptz NOT NULL,
        guests jsonb NOT NULL,
        currency text NOT NULL,
        total_minor bigint NOT NULL,
        host_payout_minor bigint NOT NULL
      )`);
    // One row for each event, user and template: a redelivered event finds its rows. A message can be about a listing
    // without a booking, and its mail does not depend on the side; a feed belongs to a listing.
    this.addSql(`
      CREATE TABLE notification (
        id uuid PRIMARY KEY,
        event_id uuid NOT NULL,
        user_id uuid NOT NULL,
        side text CHECK (side IN ('guest', 'host')),
        template text NOT NULL,
        booking_id uuid,
        facts jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        processed_at timestamptz,
        outcome text CHECK (outcome IN ('mailed', 'muted', 'unreachable', 'withdrawn', 'outdated')),
        CHECK ((processed_at IS NULL) = (outcome IS NULL)),
        CHECK (template IN ('message-received', 'feed-problem-found') OR (booking_id IS NOT NULL AND side IS NOT NULL)),
        UNIQUE (event_id, user_id, template)
      )`);
    this.addSql(`CREATE INDEX notification_due ON notification (due_at, id) WHERE processed_at IS NULL`);
    this.addSql(`CREATE INDEX notification_booking ON notification (booking_id) WHERE processed_at IS NULL`);
    this.addSql(`
      CREATE TABLE notification_setting (
        user_id uuid PRIMARY KEY REFERENCES user_account ON DELETE CASCADE,
        version integer NOT NULL,
        muted text[] NOT NULL
      )`);
  }

  override down(): void {
    for (const table of [
      'notification_setting',
      'notification',
      'stay',
      'listing_name',
      'mail',
      'signing_key',
      'email_change',
      'one_time_token',
      'mfa_challenge',
      'recovery_code',
      'totp_factor',
      'login_attempt',
      'refresh_token',
      'session',
      'user_account',
    ]) {
      this.addSql(`DROP TABLE ${table}`);
    }
  }
}
