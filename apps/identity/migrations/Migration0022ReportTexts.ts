import { Migration } from '@mikro-orm/migrations';

/** The decided reports with texts, for the job that deletes these. */
export class Migration0022ReportTexts extends Migration {
  override up(): void {
    this.addSql(`CREATE INDEX report_texts ON report (decided_at)
      WHERE decided_at IS NOT NULL AND (text IS NOT NULL OR content IS NOT NULL)`);
  }
}
