import { Migration } from '@mikro-orm/migrations';

/** Why the last attempt of a message failed, and an index for the list of mails that were given up. */
export class Migration0021MailErrors extends Migration {
  override up(): void {
    this.addSql('ALTER TABLE mail ADD COLUMN last_error text');
    this.addSql('ALTER TABLE phone_code ADD COLUMN last_error text');
    this.addSql('CREATE INDEX mail_given_up ON mail (id DESC) WHERE given_up_at IS NOT NULL');
  }
}
