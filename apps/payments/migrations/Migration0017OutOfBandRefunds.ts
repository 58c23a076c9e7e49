import { Migration } from '@mikro-orm/migrations';

/** Refunds that an operator has paid without the provider. */
export class Migration0017OutOfBandRefunds extends Migration {
  override up(): void {
    // Refunds in progress lock their payment first, see 0011.
    this.addSql(`LOCK TABLE payment IN EXCLUSIVE MODE`);
    this.addSql(`ALTER TABLE refund ADD COLUMN paid_out_of_band boolean NOT NULL DEFAULT false`);
    this.addSql(`
      ALTER TABLE refund ADD CONSTRAINT refund_out_of_band
        CHECK (NOT paid_out_of_band OR (status = 'succeeded' AND provider_ref IS NULL)) NOT VALID`);
    this.addSql(`ALTER TABLE payment ADD COLUMN refunded_out_of_band_minor bigint NOT NULL DEFAULT 0`);
    this.addSql(`
      ALTER TABLE payment ADD CONSTRAINT payment_out_of_band
        CHECK (refunded_out_of_band_minor BETWEEN 0 AND refunded_minor) NOT VALID`);
  }
}
