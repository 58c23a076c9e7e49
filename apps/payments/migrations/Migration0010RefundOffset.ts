import { Migration } from '@mikro-orm/migrations';

export class Migration0010RefundOffset extends Migration {
  override up(): void {
    this.addSql(`
      ALTER TABLE refund
        -- the part of a failed refund that the guest's bank has returned: it is not refunded again
        ADD COLUMN offset_minor bigint NOT NULL DEFAULT 0 CHECK (offset_minor BETWEEN 0 AND amount_minor)`);
  }
}
