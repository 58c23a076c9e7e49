import { Migration } from '@mikro-orm/migrations';

/** What blocks and tracks the erasure of a user, and whose names the text of a mail contains. */
export class Migration0003Erasure extends Migration {
  override up(): void {
    // The recipient first. Empty for mails from before this column.
    this.addSql(`ALTER TABLE mail ADD COLUMN about uuid[] NOT NULL DEFAULT '{}'`);
    this.addSql(`CREATE INDEX mail_about ON mail USING gin (about)`);
    this.addSql(`CREATE INDEX stay_guest ON stay (guest_id)`);
    this.addSql(`CREATE INDEX stay_host ON stay (host_id)`);
    this.addSql(`
      CREATE TABLE payout (
        payout_id uuid PRIMARY KEY,
        version integer NOT NULL,
        host_id uuid NOT NULL,
        currency text NOT NULL,
        status text NOT NULL CHECK (status IN ('scheduled', 'paid', 'failed')),
        booking_ids uuid[] NOT NULL
      )`);
    // Handled before this table existed: a replay fills it. A mail is not sent twice (see notification).
    this.addSql(`DELETE FROM inbox_event WHERE type IN ('payout.paid', 'payout.failed')`);
    this.addSql(`CREATE INDEX payout_host ON payout (host_id, currency, payout_id)`);
    this.addSql(`
      CREATE TABLE erasure_request (
        user_id uuid PRIMARY KEY REFERENCES user_account,
        request_id uuid NOT NULL,
        requested_at timestamptz NOT NULL,
        -- the services that have erased the user
        completed_by text[] NOT NULL DEFAULT '{}',
        completed_at timestamptz
      )`);
    this.addSql(
      `CREATE INDEX erasure_request_open ON erasure_request (requested_at) WHERE completed_at IS NULL`,
    );
  }
}
