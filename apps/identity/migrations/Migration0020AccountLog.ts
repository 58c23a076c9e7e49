import { Migration } from '@mikro-orm/migrations';

/** The log of each account, for its user. The previous version of the service records nothing. */
export class Migration0020AccountLog extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE account_log_entry (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES user_account ON DELETE CASCADE,
        at timestamptz NOT NULL,
        action text NOT NULL,
        actor text NOT NULL CHECK (actor IN ('user', 'administrator', 'system', 'unknown')),
        -- of the request; the session may be deleted before the entry
        session_id uuid,
        network text,
        user_agent text,
        details jsonb NOT NULL
      )`);
    this.addSql('CREATE INDEX account_log_entry_newest ON account_log_entry (user_id, id DESC)');
    this.addSql('CREATE INDEX account_log_entry_age ON account_log_entry (at)');
  }
}
