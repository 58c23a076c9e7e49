import { Migration } from '@mikro-orm/migrations';

/** When the texts of an ended booking were deleted. */
export class Migration0014TextRetention extends Migration {
  override up(): void {
    this.addSql('ALTER TABLE booking ADD COLUMN texts_deleted_at timestamptz(3)');
  }
}
