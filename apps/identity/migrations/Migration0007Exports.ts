import { Migration } from '@mikro-orm/migrations';

/** The exports that users have requested, and which services have written their parts. */
export class Migration0007Exports extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE export_request (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES user_account,
        requested_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        -- the services whose part is ready
        completed_by text[] NOT NULL DEFAULT '{}',
        ready_at timestamptz
      )`);
    this.addSql(`CREATE INDEX export_request_user ON export_request (user_id, requested_at DESC)`);
    this.addSql(`CREATE INDEX export_request_open ON export_request (requested_at) WHERE ready_at IS NULL`);
    this.addSql(`CREATE INDEX notification_user ON notification (user_id)`);
    this.addSql(`CREATE INDEX export_request_expiry ON export_request (expires_at)`);
  }
}
