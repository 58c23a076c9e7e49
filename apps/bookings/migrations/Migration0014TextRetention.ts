import { Migration } from '@mikro-orm/migrations';

/** When the texts of an ended booking were deleted, and the bookings whose texts remain, by their check-out. */
export class Migration0014TextRetention extends Migration {
  override up(): void {
    this.addSql('ALTER TABLE booking ADD COLUMN texts_deleted_at timestamptz(3)');
    this.addSql('CREATE INDEX booking_with_texts ON booking (check_out_at) WHERE texts_deleted_at IS NULL');
  }
}
