import { Migration } from '@mikro-orm/migrations';

export class Migration0012ReportedRefund extends Migration {
  override up(): void {
    // Not in reported_minor, which is compared with the whole payment.
    this.addSql('ALTER TABLE webhook_event ADD COLUMN reported_refund_minor bigint');
  }
}
