import { Migration } from '@mikro-orm/migrations';

/** The indexes of the checks for late money and for refunds that a provider has accepted and not paid yet. */
export class Migration0009LateMoney extends Migration {
  override up(): void {
    // no worker runs the operation earlier: an unclear refund may still run at the provider
    this.addSql(`ALTER TABLE payment_operation ADD COLUMN not_before timestamptz`);
    this.addSql(`CREATE INDEX payment_ended_to_check ON payment (provider, updated_at) INCLUDE (check_at)
      WHERE status IN ('voided', 'failed')`);
    this.addSql(`CREATE INDEX refund_accepted ON refund (payment_id)
      WHERE status = 'pending' AND provider_ref IS NOT NULL`);
  }
}
