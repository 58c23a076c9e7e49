import { Migration } from '@mikro-orm/migrations';

/** Parked webhooks, the lists of operators, their audit log, and the results of the reconciliation. */
export class Migration0005Operators extends Migration {
  override up(): void {
    this.webhooks();
    this.lists();
    this.auditLog();
    this.reconciliationRuns();
  }

  private webhooks(): void {
    this.addSql(`
      ALTER TABLE webhook_event
        -- null: payments ignores this type
        ADD COLUMN subject text CHECK (subject IN ('payment', 'dispute', 'transfer')),
        ADD COLUMN reported_minor bigint,
        ADD COLUMN reported_currency text,
        -- the account at the provider, with its mode
        ADD COLUMN account text,
        ADD COLUMN park_reason text,
        DROP CONSTRAINT webhook_event_outcome_check,
        ADD CONSTRAINT webhook_event_outcome_check
          CHECK (outcome IN ('applied', 'not-ours', 'unknown-type', 'parked', 'dismissed')),
        ADD CONSTRAINT webhook_event_parked
          CHECK ((park_reason IS NOT NULL) = (coalesce(outcome, '') IN ('parked', 'dismissed')))`);
    this.addSql(`UPDATE webhook_event SET subject = 'payment' WHERE ref IS NOT NULL`);
    this.addSql(`CREATE INDEX webhook_event_newest ON webhook_event (received_at, provider, id)`);
    this.addSql(`CREATE INDEX webhook_event_type ON webhook_event (type, received_at, provider, id)`);
    this.addSql(`CREATE INDEX webhook_event_payment ON webhook_event (payment_id, received_at, provider, id)
      WHERE payment_id IS NOT NULL`);
    this.addSql(`CREATE INDEX webhook_event_exceptions ON webhook_event (outcome, received_at, provider, id)
      WHERE outcome <> 'applied'`);
  }

  private lists(): void {
    this.addSql(`CREATE INDEX payment_newest ON payment (created_at, id)`);
    this.addSql(`CREATE INDEX payment_guest ON payment (guest_id, created_at, id)`);
    this.addSql(`CREATE INDEX payment_host ON payment (host_id, created_at, id)`);
    this.addSql(`CREATE INDEX payment_currency ON payment (currency, created_at, id)`);
    // Most payments end in one of the other states, which the newest payments contain.
    this.addSql(`CREATE INDEX payment_exceptions ON payment (status, created_at, id)
      WHERE status NOT IN ('captured', 'refunded', 'voided')`);
    this.addSql(`CREATE INDEX payment_operation_payment ON payment_operation (payment_id, created_at, id)`);
    this.addSql(`CREATE INDEX payment_operation_unfinished ON payment_operation (status, created_at, id)
      WHERE status <> 'done'`);
  }

  /** What administrators changed: append-only, as the ledger. */
  private auditLog(): void {
    this.addSql(`
      CREATE TABLE admin_action (
        id uuid PRIMARY KEY,
        at timestamptz NOT NULL,
        -- null: an operator at the command line
        admin_id uuid,
        action text NOT NULL,
        subject_type text NOT NULL,
        subject_id text NOT NULL,
        payment_id uuid,
        reason text,
        request_id text,
        details jsonb NOT NULL
      )`);
    this.addSql(`CREATE INDEX admin_action_newest ON admin_action (at, id)`);
    this.addSql(
      `CREATE INDEX admin_action_payment ON admin_action (payment_id, at, id) WHERE payment_id IS NOT NULL`,
    );
    this.addSql(`
      CREATE FUNCTION admin_action_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'the audit log is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
      END $$`);
    this.addSql(`
      CREATE TRIGGER admin_action_append_only BEFORE UPDATE OR DELETE ON admin_action
      FOR EACH ROW EXECUTE FUNCTION admin_action_is_append_only()`);
    this.addSql(`
      CREATE TRIGGER admin_action_keeps BEFORE TRUNCATE ON admin_action
      FOR EACH STATEMENT EXECUTE FUNCTION admin_action_is_append_only()`);
    this.addSql(`ALTER TABLE admin_action ENABLE ALWAYS TRIGGER admin_action_append_only`);
    this.addSql(`ALTER TABLE admin_action ENABLE ALWAYS TRIGGER admin_action_keeps`);
  }

  private reconciliationRuns(): void {
    this.addSql(`
      CREATE TABLE reconciliation_run (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        started_at timestamptz NOT NULL,
        finished_at timestamptz NOT NULL,
        payments bigint NOT NULL,
        provider_payments bigint NOT NULL,
        movements bigint NOT NULL,
        -- the number of differences by kind
        counts jsonb NOT NULL,
        -- the first 1,000
        differences jsonb NOT NULL
      )`);
  }
}
