import { Migration } from '@mikro-orm/migrations';

/** For the quotes in the export of a user. */
export class Migration0013ExportIndexes extends Migration {
  override up(): void {
    this.addSql('CREATE INDEX quote_guest ON quote (guest_id)');
  }
}
