import { Migration } from '@mikro-orm/migrations';

/** Runs of the reconciliation that are stored when they start, at most one of each scope at a time. */
export class Migration0013ReconciliationRuns extends Migration {
  override up(): void {
    this.addSql(`
      ALTER TABLE reconciliation_run
        ADD COLUMN run_id uuid NOT NULL DEFAULT gen_random_uuid(),
        ADD COLUMN status text NOT NULL DEFAULT 'finished' CHECK (status IN ('running', 'finished', 'failed')),
        ADD COLUMN scope text NOT NULL DEFAULT 'full' CHECK (scope IN ('full', 'recent')),
        -- the start of the window of a recent run
        ADD COLUMN since timestamptz,
        -- 'interrupted': its processes ended too often; 'too_long': it ran for a day; 'error': see the log
        ADD COLUMN failure_code text,
        -- it has ended, and no provider was unreachable
        ADD COLUMN complete boolean NOT NULL DEFAULT false,
        ADD COLUMN tries int NOT NULL DEFAULT 0,
        -- system time until which one process owns the run
        ADD COLUMN lease_until timestamptz,
        ALTER COLUMN finished_at DROP NOT NULL,
        ADD CONSTRAINT reconciliation_run_finished CHECK ((finished_at IS NULL) = (status = 'running')),
        ADD CONSTRAINT reconciliation_run_failed CHECK ((failure_code IS NOT NULL) = (status = 'failed')),
        ADD CONSTRAINT reconciliation_run_window CHECK ((since IS NOT NULL) = (scope = 'recent'))`);
    this.addSql(`UPDATE reconciliation_run SET complete = NOT jsonb_exists(counts, 'provider.unreachable')`);
    this.addSql(`CREATE UNIQUE INDEX reconciliation_run_id ON reconciliation_run (run_id)`);
    this.addSql(
      `CREATE UNIQUE INDEX reconciliation_run_running ON reconciliation_run (scope) WHERE status = 'running'`,
    );
  }
}
