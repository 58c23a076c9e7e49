import { Migration } from '@mikro-orm/migrations';

/** The bookings whose texts remain, by their check-out. Bookings are written while the index is built. */
export class Migration0015TextRetentionIndex extends Migration {
  override isTransactional(): boolean {
    return false;
  }

  override up(): void {
    this.addSql('DROP INDEX CONCURRENTLY IF EXISTS booking_with_texts');
    this.addSql(
      'CREATE INDEX CONCURRENTLY booking_with_texts ON booking (check_out_at) WHERE texts_deleted_at IS NULL',
    );
  }
}
