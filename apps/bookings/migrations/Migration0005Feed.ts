import { Migration } from '@mikro-orm/migrations';

/** Calendars that come from elsewhere, and the address under which others read ours. */
export class Migration0005Feed extends Migration {
  override name = 'Migration0005Feed';

  override up(): void {
    // Nights that an import wants and a stay has: they are looked through whenever a calendar changes.
    this.addSql('CREATE INDEX calendar_entry_not_blocking ON calendar_entry (listing_id) WHERE NOT live');
    this.addSql('ALTER TABLE calendar_snapshot ADD COLUMN changed_at timestamptz');
    this.addSql(`
      CREATE TABLE calendar_export (
        listing_id bigint PRIMARY KEY REFERENCES calendar_listing (id),
        token_hash bytea NOT NULL UNIQUE,
        with_imports boolean NOT NULL,
        created_at timestamptz NOT NULL
      )`);
    // url is encrypted; url_hash tells that a listing has it already.
    this.addSql(`
      CREATE TABLE calendar_feed (
        id uuid PRIMARY KEY,
        listing_id bigint NOT NULL REFERENCES calendar_listing (id),
        owner_id bigint NOT NULL UNIQUE DEFAULT nextval('calendar_owner'),
        name text NOT NULL,
        url text NOT NULL,
        url_hash bytea NOT NULL,
        etag text,
        last_modified text,
        read_for text,
        read_at timestamptz,
        empty_seen boolean NOT NULL DEFAULT false,
        failures int NOT NULL DEFAULT 0,
        problem text,
        checked_at timestamptz,
        imported_at timestamptz,
        asked boolean NOT NULL DEFAULT true,
        next_poll_at timestamptz NOT NULL,
        lease uuid,
        lease_until timestamptz,
        created_at timestamptz NOT NULL,
        UNIQUE (listing_id, url_hash)
      )`);
    this.addSql('CREATE INDEX calendar_feed_due ON calendar_feed (next_poll_at)');
    this.addSql(`
      CREATE TABLE calendar_feed_event (
        feed_id uuid NOT NULL REFERENCES calendar_feed (id) ON DELETE CASCADE,
        key text NOT NULL,
        from_date date NOT NULL,
        to_date date NOT NULL,
        own boolean NOT NULL,
        PRIMARY KEY (feed_id, key),
        CHECK (from_date < to_date)
      )`);
    this.addSql(`
      CREATE TABLE calendar_feed_log (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        feed_id uuid NOT NULL REFERENCES calendar_feed (id) ON DELETE CASCADE,
        at timestamptz NOT NULL,
        cause text NOT NULL CHECK (cause IN ('poll', 'host')),
        outcome text NOT NULL CHECK (outcome IN ('imported', 'unchanged', 'failed')),
        problem text,
        status int,
        counts jsonb,
        clashes jsonb NOT NULL,
        CHECK ((outcome = 'failed') = (problem IS NOT NULL))
      )`);
    this.addSql('CREATE INDEX calendar_feed_log_by_feed ON calendar_feed_log (feed_id, id DESC)');
  }
}
