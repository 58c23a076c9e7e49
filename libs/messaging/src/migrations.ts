import { Migration } from '@mikro-orm/migrations';

export class Migration0000Messaging extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE outbox_event (
        xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        -- uuidv7() rises within a session, so (xid, id) is the order of writing within a transaction
        id uuid NOT NULL DEFAULT uuidv7(),
        type text NOT NULL,
        topic text NOT NULL,
        key text NOT NULL,
        compacted boolean NOT NULL,
        aggregate_version bigint,
        schema_version int NOT NULL,
        traceparent text,
        body jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (xid, id)
      )`);
    this.addSql(
      `CREATE INDEX outbox_event_newest ON outbox_event (topic, key, xid DESC, id DESC) WHERE compacted`,
    );
    this.addSql(`
      CREATE TABLE outbox_cursor (
        sink text PRIMARY KEY,
        xid xid8 NOT NULL,
        id uuid NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
      )`);
    this.addSql(`
      CREATE TABLE inbox_event (
        event_id uuid PRIMARY KEY,
        type text NOT NULL,
        compacted boolean NOT NULL,
        discarded boolean NOT NULL DEFAULT false,
        handled_at timestamptz NOT NULL DEFAULT clock_timestamp()
      )`);
    this.addSql(`CREATE INDEX inbox_event_age ON inbox_event (handled_at) WHERE NOT compacted`);
    this.addSql(`
      CREATE TABLE dead_letter (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id uuid NOT NULL UNIQUE,
        topic text NOT NULL,
        key text NOT NULL,
        type text NOT NULL,
        source text NOT NULL,
        occurred_at timestamptz NOT NULL,
        aggregate_version bigint,
        schema_version int NOT NULL,
        traceparent text,
        data text NOT NULL,
        -- null: nothing is wrong with this one, it waits behind one that failed
        code text,
        detail text,
        tries int NOT NULL DEFAULT 0,
        parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        redrive_at timestamptz
      )`);
    this.addSql(`CREATE INDEX dead_letter_key ON dead_letter (topic, key, position)`);
    this.addSql(`CREATE INDEX dead_letter_redrive ON dead_letter (redrive_at) WHERE redrive_at IS NOT NULL`);
  }
}

/** Outbox, cursors, inbox and dead letters: every service's database has them, before its own tables. */
export const messagingMigrations = [Migration0000Messaging];
