import { Migration } from '@mikro-orm/migrations';

/** The events of the last day that `GET /v1/me/events` sends. They contain ids and states only. */
export class Migration0006LiveEvents extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE live_event (
        sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        user_id uuid NOT NULL,
        event_id uuid NOT NULL,
        type text NOT NULL,
        data jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        UNIQUE (user_id, event_id)
      )`);
    this.addSql(`CREATE INDEX live_event_stream ON live_event (user_id, sequence)`);
    this.addSql(`CREATE INDEX live_event_age ON live_event (created_at)`);
  }
}
