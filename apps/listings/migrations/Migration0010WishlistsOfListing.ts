import { Migration } from '@mikro-orm/migrations';

/** The wishlists with a listing, for its deletion. */
export class Migration0010WishlistsOfListing extends Migration {
  override isTransactional(): boolean {
    return false;
  }

  override up(): void {
    this.addSql('DROP INDEX CONCURRENTLY IF EXISTS wishlist_listing_by_listing');
    this.addSql('CREATE INDEX CONCURRENTLY wishlist_listing_by_listing ON wishlist_listing (listing_id)');
  }
}
