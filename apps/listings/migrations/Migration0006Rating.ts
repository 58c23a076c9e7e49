import { Migration } from '@mikro-orm/migrations';

export class Migration0006Rating extends Migration {
  override up(): void {
    // Mirror of reviews.rating. No foreign key: an event may come before its listing, and outlives its search row.
    this.addSql(`
      CREATE TABLE listing_rating (
        listing_id uuid PRIMARY KEY,
        version integer NOT NULL,
        rating_count integer NOT NULL CHECK (rating_count >= 0),
        rating_sum integer NOT NULL CHECK (rating_sum BETWEEN rating_count AND 5 * rating_count)
      )`);
    // The mean in hundredths, as it is shown, then how many gave it: one number to filter and to sort by.
    this.addSql(`
      ALTER TABLE listing_search
        ADD COLUMN rating_count integer NOT NULL DEFAULT 0,
        ADD COLUMN rating_sum integer NOT NULL DEFAULT 0,
        ADD COLUMN rating_order integer NOT NULL GENERATED ALWAYS AS (
          CASE WHEN rating_count = 0 THEN 0
            ELSE round(100.0 * rating_sum / rating_count)::integer * 1000000 + least(rating_count, 999999) END
        ) STORED`);
    for (const scope of ['cell_3', 'cell_6', 'cell_9', 'cell_12', 'city', 'host_id']) {
      this.addSql(
        `CREATE INDEX listing_search_${scope.replace('_id', '')}_rating ON listing_search (${scope}, rating_order DESC, key DESC)`,
      );
    }
    this.addSql(`CREATE INDEX listing_search_rating ON listing_search (rating_order DESC, key DESC)`);
  }

  override down(): void {
    this.addSql(`DROP TABLE listing_rating`);
    this.addSql(
      `ALTER TABLE listing_search DROP COLUMN rating_order, DROP COLUMN rating_count, DROP COLUMN rating_sum`,
    );
  }
}
