import { Migration } from '@mikro-orm/migrations';

/** What bookings says each is to have of a booking's money in the end: reconciliation holds the ledger against it. */
export class Migration0004Change extends Migration {
  override name = 'Migration0004Change';

  override up(): void {
    this.addSql(`
      CREATE TABLE booking_split (
        booking_id uuid PRIMARY KEY,
        currency text NOT NULL,
        -- null: what bookings said does not add up to what is left, so there is nothing to hold against
        host_minor bigint,
        platform_minor bigint,
        tax_minor bigint,
        ended boolean NOT NULL
      )`);
    this.addSql('CREATE INDEX movement_booking ON movement (booking_id)');
  }
}
