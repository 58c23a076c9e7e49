import { Migration } from '@mikro-orm/migrations';

/** Reports of users, listings, messages and reviews, with the texts of their subject at the time of the report. */
export class Migration0008Reports extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE report (
        id uuid PRIMARY KEY,
        reporter_id uuid NOT NULL,
        subject_type text NOT NULL CHECK (subject_type IN ('user', 'listing', 'message', 'review')),
        subject_id uuid NOT NULL,
        -- the user, the host, the sender or the author; null for imported reviews, whose author has no account
        owner_id uuid,
        -- of a message
        thread_id uuid,
        reason text NOT NULL,
        text text,
        -- null after the erasure of the owner
        content jsonb,
        status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'upheld', 'dismissed')),
        created_at timestamptz(3) NOT NULL,
        decided_at timestamptz(3),
        -- null: the report was upheld because the review was hidden
        decided_by uuid,
        note text,
        CHECK ((status = 'open') = (decided_at IS NULL)),
        CHECK (num_nulls(decided_by, note) IN (0, 2))
      )`);
    this.addSql(
      `CREATE UNIQUE INDEX report_open ON report (reporter_id, subject_type, subject_id) WHERE status = 'open'`,
    );
    this.addSql('CREATE INDEX report_queue ON report (status, created_at, id)');
    this.addSql('CREATE INDEX report_owner ON report (owner_id, status, created_at, id)');
    this.addSql('CREATE INDEX report_subject ON report (subject_id, status, created_at, id)');
    this.addSql('CREATE INDEX report_reporter ON report (reporter_id, created_at, id)');
  }
}
