import { Migration } from '@mikro-orm/migrations';

/** What hosts did in the last year: stays, cancellations, responses. */
export class Migration0012HostFigures extends Migration {
  override name = 'Migration0012HostFigures';

  override up(): void {
    this.addSql(`
      CREATE TABLE host_figures (
        host_id uuid PRIMARY KEY,
        version int NOT NULL DEFAULT 1,
        completed_stays int NOT NULL,
        completed_nights int NOT NULL,
        host_cancellations int NOT NULL,
        responses_due int NOT NULL,
        responses_in_time int NOT NULL,
        median_response_minutes int,
        CHECK (responses_in_time <= responses_due)
      )`);
    // One row: when the figures of all hosts are computed again, and the last host of a run that has not ended.
    this.addSql(`
      CREATE TABLE host_figures_run (
        id boolean PRIMARY KEY DEFAULT true CHECK (id),
        last_host_id uuid,
        due_at timestamptz NOT NULL
      )`);
    this.addSql(`INSERT INTO host_figures_run (due_at) VALUES ('-infinity')`);
    this.addSql(
      'CREATE INDEX thread_enquiries_of_host ON thread (host_id, created_at) WHERE booking_id IS NULL',
    );
  }
}
