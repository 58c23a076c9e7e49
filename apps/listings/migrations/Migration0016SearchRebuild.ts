import { Migration } from '@mikro-orm/migrations';

const INDEXES = {
  listing_search_cell_14_score: '(search_cell_14(lat, lng), score DESC, key DESC)',
  listing_search_cell_14_price: '(search_cell_14(lat, lng), price_minor, key)',
  listing_search_cell_14_rating: '(search_cell_14(lat, lng), rating_order DESC, key DESC)',
  // For amenities that few listings have.
  listing_search_amenities: 'USING gin (amenities)',
};

/**
 * The state of a rebuild of the search index, and smaller cells, so that a search in a dense city does not read the listings
 * around its area. No edit waits for the indexes. Can be repeated if it is interrupted.
 */
export class Migration0016SearchRebuild extends Migration {
  override isTransactional(): boolean {
    return false;
  }

  override up(): void {
    // One row: the current rebuild, or the last one.
    this.addSql(`
      CREATE TABLE IF NOT EXISTS search_rebuild (
        id boolean PRIMARY KEY DEFAULT true CHECK (id),
        position bigint NOT NULL DEFAULT 0,
        last_key bigint NOT NULL,
        read_count bigint NOT NULL DEFAULT 0,
        repaired_count bigint NOT NULL DEFAULT 0,
        started_at timestamptz(3) NOT NULL,
        finished_at timestamptz(3))`);
    // The cell of a point on a grid of 2^14 × 2^14 cells, as in src/geo/domain/area.ts.
    this.addSql(`
      CREATE OR REPLACE FUNCTION search_cell_14(lat double precision, lng double precision) RETURNS integer
      LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT least(16383, floor((lat + 90) / 180 * 16384)::integer) * 16384
          + least(16383, floor((lng + 180) / 360 * 16384)::integer) $$`);
    for (const [name, definition] of Object.entries(INDEXES)) {
      this.addSql(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
      this.addSql(`CREATE INDEX CONCURRENTLY ${name} ON listing_search ${definition}`);
    }
  }

  override down(): void {
    for (const name of Object.keys(INDEXES)) this.addSql(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
    this.addSql('DROP FUNCTION search_cell_14');
    this.addSql('DROP TABLE search_rebuild');
  }
}
