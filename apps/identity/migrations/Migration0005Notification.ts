import { Migration } from '@mikro-orm/migrations';

export class Migration0005Notification extends Migration {
  override name = 'Migration0005Notification';

  override up(): void {
    // What mails tell of listings and stays, as their services announce it. There is no address among it.
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
    // One event, one mail to each: whatever is told again finds its row.
    this.addSql(`
      CREATE TABLE notification (
        id uuid PRIMARY KEY,
        event_id uuid NOT NULL,
        user_id uuid NOT NULL,
        side text NOT NULL CHECK (side IN ('guest', 'host')),
        template text NOT NULL,
        booking_id uuid NOT NULL,
        facts jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        settled_at timestamptz,
        outcome text CHECK (outcome IN ('mailed', 'muted', 'unreachable', 'withdrawn', 'outdated')),
        CHECK ((settled_at IS NULL) = (outcome IS NULL)),
        UNIQUE (event_id, user_id, template)
      )`);
    this.addSql(`CREATE INDEX notification_due ON notification (due_at, id) WHERE settled_at IS NULL`);
    this.addSql(`CREATE INDEX notification_booking ON notification (booking_id) WHERE settled_at IS NULL`);
    this.addSql(`
      CREATE TABLE notification_setting (
        user_id uuid PRIMARY KEY REFERENCES user_account ON DELETE CASCADE,
        version integer NOT NULL,
        muted text[] NOT NULL
      )`);
  }

  override down(): void {
    for (const table of ['notification_setting', 'notification', 'stay', 'listing_name'])
      this.addSql(`DROP TABLE ${table}`);
  }
}
