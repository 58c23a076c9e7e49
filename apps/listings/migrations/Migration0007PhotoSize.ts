import { Migration } from '@mikro-orm/migrations';

export class Migration0007PhotoSize extends Migration {
  override up(): void {
    // Listings with photos that have not been resized: few, and gone from the index once they have.
    this.addSql(`
      CREATE INDEX listing_photo_unresized ON listing (id)
        WHERE jsonb_array_length(photos) <> jsonb_array_length(jsonb_path_query_array(photos, '$[*].widths'))`);
  }

  override down(): void {
    this.addSql(`DROP INDEX listing_photo_unresized`);
  }
}
