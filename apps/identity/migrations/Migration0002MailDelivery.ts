import { Migration } from '@mikro-orm/migrations';

export class Migration0002MailDelivery extends Migration {
  override name = 'Migration0002MailDelivery';

  override up(): void {
    this.addSql(`
      ALTER TABLE mail
        ADD attempts integer NOT NULL DEFAULT 0,
        ADD next_attempt_at timestamptz,
        ADD given_up_at timestamptz`);
    this.addSql(`DROP INDEX mail_unsent`);
    this.addSql(`
      CREATE INDEX mail_due ON mail (next_attempt_at) WHERE next_attempt_at IS NOT NULL`);
  }

  override down(): void {
    this.addSql(`ALTER TABLE mail DROP attempts, DROP next_attempt_at, DROP given_up_at`);
    this.addSql(`CREATE INDEX mail_unsent ON mail (id) WHERE sent_at IS NULL`);
  }
}
