import { Migration } from '@mikro-orm/migrations';

export class Migration0008Imported extends Migration {
  override up(): void {
    this.addSql(`ALTER TABLE listing ADD COLUMN imported boolean NOT NULL DEFAULT false`);
    // Imports make the id from what its source calls the listing, which is version 5; hosts get version 7.
    this.addSql(`UPDATE listing SET imported = true WHERE uuid_extract_version(id) = 5`);
  }

  override down(): void {
    this.addSql(`ALTER TABLE listing DROP COLUMN imported`);
  }
}
