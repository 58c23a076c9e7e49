import { Migration } from '@mikro-orm/migrations';

/** Reports of replies. The subject is the review with the reply: the index `report_open` distinguishes them by the type. */
export class Migration0019ReplyReports extends Migration {
  override up(): void {
    this.addSql(`ALTER TABLE report DROP CONSTRAINT report_subject_type_check,
      ADD CONSTRAINT report_subject_type_check
        CHECK (subject_type IN ('user', 'listing', 'message', 'review', 'reply'))`);
  }
}
