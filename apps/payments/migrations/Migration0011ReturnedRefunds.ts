import { Migration } from '@mikro-orm/migrations';

/** Paid refunds that the guest's bank has returned, and the debit notes that cancel their credit notes. */
export class Migration0011ReturnedRefunds extends Migration {
  override up(): void {
    // Refunds in progress lock their payment first, so they end before this and the next migrations wait for their tables.
    this.addSql(`LOCK TABLE payment IN EXCLUSIVE MODE`);
    this.addSql(`
      ALTER TABLE refund
        -- of a failed refund: when it was paid, if it was returned later
        ADD COLUMN paid_at timestamptz CHECK (paid_at IS NULL OR status = 'failed')`);
    // The daily check of paid refunds, whose webhook may be lost.
    this.addSql(
      `CREATE INDEX refund_paid ON refund (finished_at) INCLUDE (payment_id) WHERE status = 'succeeded'`,
    );
    // A debit note belongs to its refund alone: replicas of an older version rely on one paper per payment and refund.
    this.addSql(`
      ALTER TABLE paper
        DROP CONSTRAINT paper_kind_check,
        ADD CONSTRAINT paper_kind_check CHECK (kind IN ('receipt', 'credit_note', 'debit_note')),
        ALTER COLUMN payment_id DROP NOT NULL,
        ADD CHECK ((payment_id IS NULL) = (kind = 'debit_note'))`);
  }
}
