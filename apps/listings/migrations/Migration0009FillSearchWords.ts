import { Migration } from '@mikro-orm/migrations';

/** Rows from before the trigger of Migration0008SearchWords. Can be repeated if it is interrupted. */
export class Migration0009FillSearchWords extends Migration {
  /** Commits each batch, so that no edit waits for all rows. */
  override isTransactional(): boolean {
    return false;
  }

  override up(): void {
    this.addSql(`
      DO $$
      DECLARE
        first bigint := 0;
        last bigint;
      BEGIN
        LOOP
          SELECT max(b.key) INTO last
            FROM (SELECT key FROM listing WHERE key > first ORDER BY key LIMIT 500) b;
          EXIT WHEN last IS NULL;
          UPDATE listing SET title = title WHERE key > first AND key <= last AND search_words IS NULL;
          COMMIT;
          first := last;
        END LOOP;
      END $$`);
    this.addSql('DROP INDEX CONCURRENTLY IF EXISTS listing_search_words');
    this.addSql('CREATE INDEX CONCURRENTLY listing_search_words ON listing USING gin (search_words)');
  }

  override down(): void {
    this.addSql('DROP INDEX CONCURRENTLY IF EXISTS listing_search_words');
  }
}
