import { Migration } from '@mikro-orm/migrations';

/** One row: the current rebuild of the search index, or the last one. */
export class Migration0016SearchRebuild extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE search_rebuild (
        id boolean PRIMARY KEY DEFAULT true CHECK (id),
        position bigint NOT NULL DEFAULT 0,
        last_key bigint NOT NULL,
        read_count bigint NOT NULL DEFAULT 0,
        repaired_count bigint NOT NULL DEFAULT 0,
        started_at timestamptz(3) NOT NULL,
        finished_at timestamptz(3))`);
  }

  override down(): void {
    this.addSql('DROP TABLE search_rebuild');
  }
}
