import { Migration } from '@mikro-orm/migrations';

/** An export reads the reviews that a user has written, and their reports of reviews. External reviews have no author. */
export class Migration0004ReviewAuthors extends Migration {
  override up(): void {
    this.addSql('CREATE INDEX review_author ON review (author_id) WHERE author_id IS NOT NULL');
    this.addSql('CREATE INDEX review_report_reporter ON review_report (reporter_id)');
  }
}
