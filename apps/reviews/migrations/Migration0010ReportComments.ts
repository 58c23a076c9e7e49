import { Migration } from '@mikro-orm/migrations';

/** The closed reports with comments, for the job that deletes these. */
export class Migration0010ReportComments extends Migration {
  override up(): void {
    this.addSql(`CREATE INDEX review_report_comments ON review_report (closed_at)
      WHERE closed_at IS NOT NULL AND comment IS NOT NULL`);
  }
}
