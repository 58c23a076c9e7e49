import { Migration } from '@mikro-orm/migrations';

/** What people wrote goes with their account; that they wrote, and when, stays for the other side. */
export class Migration0008Erasure extends Migration {
  override name = 'Migration0008Erasure';

  override up(): void {
    this.addSql(`
      ALTER TABLE message ADD erased boolean NOT NULL DEFAULT false,
        ADD CONSTRAINT message_erased_says_nothing CHECK (NOT erased OR (text = '' AND masked_text IS NULL))`);
    // In system time, as the tokens under which they may still write.
    this.addSql(`
      CREATE TABLE erasure (
        user_id uuid PRIMARY KEY,
        due_at timestamptz NOT NULL,
        last boolean NOT NULL DEFAULT false
      )`);
    this.addSql('CREATE INDEX erasure_due ON erasure (due_at)');
    this.addSql('CREATE INDEX listing_snapshot_by_host ON listing_snapshot (host_id)');
  }
}
