import { Migration } from '@mikro-orm/migrations';

export class Migration0004EmailChange extends Migration {
  override name = 'Migration0004EmailChange';

  override up(): void {
    this.addSql(`
      CREATE TABLE email_change (
        user_id uuid PRIMARY KEY REFERENCES user_account ON DELETE CASCADE,
        new_email text NOT NULL,
        created_at timestamptz NOT NULL,
        old_confirmed_at timestamptz,
        new_confirmed_at timestamptz
      )`);
    this.addSql(`ALTER TABLE one_time_token DROP CONSTRAINT one_time_token_purpose_check`);
    this.addSql(`
      ALTER TABLE one_time_token ADD CONSTRAINT one_time_token_purpose_check
        CHECK (purpose IN ('verify-email', 'reset-password', 'email-change-old', 'email-change-new'))`);
  }

  override down(): void {
    this.addSql(`DELETE FROM one_time_token WHERE purpose LIKE 'email-change-%'`);
    this.addSql(`ALTER TABLE one_time_token DROP CONSTRAINT one_time_token_purpose_check`);
    this.addSql(`
      ALTER TABLE one_time_token ADD CONSTRAINT one_time_token_purpose_check
        CHECK (purpose IN ('verify-email', 'reset-password'))`);
    this.addSql(`DROP TABLE email_change`);
  }
}
