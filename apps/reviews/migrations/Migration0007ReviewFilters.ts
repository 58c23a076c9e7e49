import { Migration } from '@mikro-orm/migrations';

const IS_PUBLIC = 'published_at IS NOT NULL AND hidden_at IS NULL';

/** Lists of reviews by rating, and the number of external reviews of a listing. */
export class Migration0007ReviewFilters extends Migration {
  override up(): void {
    this.addSql(
      `CREATE INDEX review_listing_rating ON review (listing_id, overall DESC, published_at DESC, id DESC)
       WHERE direction = 'guest_to_listing' AND ${IS_PUBLIC} AND overall IS NOT NULL`,
    );
    this.addSql(
      `CREATE INDEX review_recipient_rating ON review (recipient_id, overall DESC, published_at DESC, id DESC)
       WHERE ${IS_PUBLIC} AND overall IS NOT NULL`,
    );
    this.addSql(
      `CREATE INDEX review_external ON review (listing_id) WHERE external_id IS NOT NULL AND ${IS_PUBLIC}`,
    );
  }
}
