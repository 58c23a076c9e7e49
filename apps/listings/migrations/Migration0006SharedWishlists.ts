import { Migration } from '@mikro-orm/migrations';

export class Migration0006SharedWishlists extends Migration {
  override up(): void {
    this.addSql(`ALTER TABLE wishlist ADD COLUMN share_token_hash bytea UNIQUE`);
  }
}
