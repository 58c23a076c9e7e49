import { Migration } from '@mikro-orm/migrations';

/** The daily check of a refund at its provider, apart from that of its payment, which a dispute postpones. */
export class Migration0015RefundChecks extends Migration {
  override up(): void {
    // A default, because replicas of an older version do not know the column. Refunds from before it have none.
    this.addSql(`ALTER TABLE refund ADD COLUMN check_at timestamptz`);
    this.addSql(`ALTER TABLE refund ALTER COLUMN check_at SET DEFAULT now() + interval '1 day'`);
    this.addSql(`
      UPDATE refund SET check_at = clock_timestamp() + random() * interval '1 day'
      WHERE status = 'pending' OR (status = 'succeeded' AND finished_at > now() - interval '36 days')`);
    this.addSql(`DROP INDEX refund_paid`);
    this.addSql(
      `CREATE INDEX refund_check ON refund (check_at) WHERE status <> 'failed' AND check_at IS NOT NULL`,
    );
  }
}
