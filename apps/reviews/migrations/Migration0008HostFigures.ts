import { Migration } from '@mikro-orm/migrations';

/** Mirror of bookings.host, and apart from it, whether the host is a superhost: a rebuild of the mirror keeps that. */
export class Migration0008HostFigures extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE host_figures (
        host_id uuid PRIMARY KEY,
        version bigint NOT NULL,
        completed_stays integer NOT NULL,
        completed_nights integer NOT NULL,
        host_cancellations integer NOT NULL,
        responses_due integer NOT NULL,
        responses_in_time integer NOT NULL,
        median_response_minutes integer
      )`);
    this.addSql(`
      CREATE TABLE host_evaluation (
        host_id uuid PRIMARY KEY,
        -- the newest version of the figures that made the host due
        figures_version bigint NOT NULL,
        -- when the host is evaluated again
        due_at timestamptz(3) NOT NULL,
        -- null until the first evaluation
        evaluated_at timestamptz(3),
        superhost boolean NOT NULL DEFAULT false
      )`);
    this.addSql('CREATE INDEX host_evaluation_due ON host_evaluation (due_at)');
  }
}
