import { Migration } from '@mikro-orm/migrations';

/** A mail about a message: an enquiry has no booking yet, and who is its guest is none of this service's business. */
export class Migration0006MessageMail extends Migration {
  override name = 'Migration0006MessageMail';

  override up(): void {
    this.addSql('ALTER TABLE notification ALTER COLUMN booking_id DROP NOT NULL');
    this.addSql('ALTER TABLE notification ALTER COLUMN side DROP NOT NULL');
    this.addSql(
      `ALTER TABLE notification ADD CHECK (template = 'message-received' OR (booking_id IS NOT NULL AND side IS NOT NULL))`,
    );
  }

  override down(): void {
    this.addSql(`DELETE FROM notification WHERE template = 'message-received'`);
    this.addSql('ALTER TABLE notification ALTER COLUMN booking_id SET NOT NULL');
    this.addSql('ALTER TABLE notification ALTER COLUMN side SET NOT NULL');
  }
}
