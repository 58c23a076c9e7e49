import { Migration } from '@mikro-orm/migrations';

/** What guests and hosts write to each other: one thread per booking, and one per guest and listing before there is one. */
export class Migration0007Message extends Migration {
  override name = 'Migration0007Message';

  override up(): void {
    // Orders the messages of a thread, which are written under its lock, and threads by their last one.
    this.addSql('CREATE SEQUENCE message_seq AS bigint');
    this.addSql(`
      CREATE TABLE thread (
        id uuid PRIMARY KEY,
        version int NOT NULL DEFAULT 1,
        listing_id uuid NOT NULL,
        booking_id uuid REFERENCES booking (id),
        guest_id uuid NOT NULL,
        host_id uuid NOT NULL,
        last_seq bigint NOT NULL,
        guest_read_seq bigint NOT NULL DEFAULT 0,
        host_read_seq bigint NOT NULL DEFAULT 0,
        guest_unread int NOT NULL DEFAULT 0,
        host_unread int NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        opened_at timestamptz NOT NULL,
        CHECK (guest_id <> host_id)
      )`);
    this.addSql('CREATE INDEX thread_by_guest ON thread (guest_id, last_seq DESC)');
    this.addSql('CREATE INDEX thread_by_host ON thread (host_id, last_seq DESC)');
    this.addSql(
      'CREATE INDEX thread_enquiries ON thread (guest_id, opened_at DESC) WHERE booking_id IS NULL',
    );
    this.addSql('CREATE INDEX thread_by_booking ON thread (booking_id) WHERE booking_id IS NOT NULL');
    // `text` is what was written; `masked_text` is there where it holds contact data, and is what is shown at first.
    this.addSql(`
      CREATE TABLE message (
        id uuid PRIMARY KEY,
        seq bigint NOT NULL,
        thread_id uuid NOT NULL REFERENCES thread (id),
        sender_id uuid NOT NULL,
        text text NOT NULL,
        masked_text text,
        hidden text[] NOT NULL,
        sent_at timestamptz NOT NULL,
        written_at timestamptz NOT NULL,
        CHECK ((masked_text IS NULL) = (hidden = '{}'))
      )`);
    this.addSql('CREATE UNIQUE INDEX message_by_thread ON message (thread_id, seq DESC)');
    this.addSql('CREATE INDEX message_by_sender ON message (sender_id, written_at DESC)');
    // Whether two have a confirmed booking together.
    this.addSql(
      'CREATE INDEX booking_confirmed_of_guest ON booking (guest_id, listing_id) WHERE confirmed_at IS NOT NULL',
    );
  }
}
