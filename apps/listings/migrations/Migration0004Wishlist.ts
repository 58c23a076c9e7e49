import { Migration } from '@mikro-orm/migrations';

export class Migration0004Wishlist extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE wishlist (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL,
        name text NOT NULL,
        created_at timestamptz(3) NOT NULL
      )`);
    this.addSql(`CREATE INDEX wishlist_user ON wishlist (user_id, id DESC)`);
    this.addSql(`
      CREATE TABLE wishlist_listing (
        wishlist_id uuid NOT NULL REFERENCES wishlist (id) ON DELETE CASCADE,
        listing_id uuid NOT NULL REFERENCES listing (id),
        added_at timestamptz(3) NOT NULL,
        PRIMARY KEY (wishlist_id, listing_id)
      )`);
  }

  override down(): void {
    this.addSql(`DROP TABLE wishlist_listing`);
    this.addSql(`DROP TABLE wishlist`);
  }
}
