import { Migration } from '@mikro-orm/migrations';

export class Migration0001Payments extends Migration {
  override up(): void {
    this.payments();
    this.ledger();
    this.appendOnlyLedger();
    this.bookingSplits();
  }

  private payments(): void {
    this.addSql(`
      CREATE TABLE payment (
        id uuid PRIMARY KEY,
        booking_id uuid NOT NULL,
        change_id uuid,
        purpose text NOT NULL CHECK (purpose IN ('booking', 'change')),
        guest_id uuid NOT NULL,
        host_id uuid NOT NULL,
        provider text NOT NULL CHECK (provider IN ('sandbox', 'stripe', 'paystack')),
        provider_ref text,
        capture text NOT NULL CHECK (capture IN ('manual', 'automatic')),
        status text NOT NULL CHECK (status IN ('requires_payment_method', 'requires_action', 'processing', 'authorized',
          'captured', 'partially_refunded', 'refunded', 'voided', 'failed', 'disputed')),
        goal text NOT NULL DEFAULT 'pay' CHECK (goal IN ('pay', 'capture', 'expire', 'release')),
        confirmed boolean NOT NULL DEFAULT false,
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        host_minor bigint NOT NULL CHECK (host_minor >= 0),
        platform_minor bigint NOT NULL CHECK (platform_minor >= 0),
        tax_minor bigint NOT NULL CHECK (tax_minor >= 0),
        authorized_minor bigint NOT NULL DEFAULT 0 CHECK (authorized_minor BETWEEN 0 AND amount_minor),
        captured_minor bigint NOT NULL DEFAULT 0 CHECK (captured_minor BETWEEN 0 AND amount_minor),
        refund_reserved_minor bigint NOT NULL DEFAULT 0,
        refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
        release_minor bigint CHECK (release_minor >= 0),
        release_retained jsonb,
        client_secret text,
        redirect_url text,
        failure_code text,
        attempts int NOT NULL DEFAULT 0,
        capture_before timestamptz,
        captured_at timestamptz,
        expires_at timestamptz,
        check_at timestamptz NOT NULL,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CHECK (host_minor + platform_minor + tax_minor = amount_minor),
        CHECK (refund_reserved_minor <= captured_minor),
        CHECK (refunded_minor <= refund_reserved_minor),
        UNIQUE (provider, provider_ref)
      )`);
    this.addSql(`CREATE UNIQUE INDEX payment_of_booking ON payment (booking_id) WHERE purpose = 'booking'`);
    this.addSql(`CREATE UNIQUE INDEX payment_of_change ON payment (change_id) WHERE change_id IS NOT NULL`);
    this.addSql(`CREATE INDEX payment_booking ON payment (booking_id, created_at, id)`);
    this.addSql(`CREATE INDEX payment_to_check ON payment (check_at)
      WHERE status IN ('requires_payment_method', 'requires_action', 'processing', 'authorized')`);
    this.addSql(`
      CREATE TABLE refund (
        id uuid PRIMARY KEY,
        payment_id uuid NOT NULL REFERENCES payment,
        -- unique per payment: a second refund for the same cause is the first one
        cause text NOT NULL,
        reason text NOT NULL,
        note text,
        requested_by uuid,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        host_minor bigint NOT NULL CHECK (host_minor >= 0),
        platform_minor bigint NOT NULL CHECK (platform_minor >= 0),
        tax_minor bigint NOT NULL CHECK (tax_minor >= 0),
        status text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
        provider_ref text,
        failure_code text,
        created_at timestamptz NOT NULL,
        finished_at timestamptz,
        CHECK (host_minor + platform_minor + tax_minor = amount_minor),
        UNIQUE (payment_id, cause)
      )`);
    this.addSql(`
      CREATE TABLE payment_operation (
        id uuid PRIMARY KEY,
        payment_id uuid NOT NULL REFERENCES payment,
        refund_id uuid REFERENCES refund,
        kind text NOT NULL CHECK (kind IN ('create', 'confirm', 'capture', 'void', 'refund')),
        -- the provider's idempotency key: names the action, never the attempt
        key text NOT NULL UNIQUE,
        payment_method text,
        status text NOT NULL CHECK (status IN ('pending', 'done', 'failed')),
        failure_code text,
        tries int NOT NULL DEFAULT 0,
        lease_until timestamptz,
        due_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        finished_at timestamptz
      )`);
    this.addSql(`CREATE INDEX payment_operation_due ON payment_operation (due_at) WHERE status = 'pending'`);
    this.addSql(
      `CREATE INDEX payment_operation_open ON payment_operation (payment_id) WHERE status = 'pending'`,
    );
    this.addSql(`
      CREATE TABLE webhook_event (
        provider text NOT NULL,
        id text NOT NULL,
        type text NOT NULL,
        ref text,
        payment_id uuid,
        payload text NOT NULL,
        outcome text CHECK (outcome IN ('applied', 'not-ours', 'unknown-type')),
        tries int NOT NULL DEFAULT 0,
        due_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        handled_at timestamptz,
        PRIMARY KEY (provider, id)
      )`);
    this.addSql(`CREATE INDEX webhook_event_due ON webhook_event (due_at) WHERE handled_at IS NULL`);
  }

  private ledger(): void {
    this.addSql(`
      CREATE TABLE ledger_account (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        code text NOT NULL,
        owner_id uuid,
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        UNIQUE NULLS NOT DISTINCT (code, owner_id, currency),
        UNIQUE (id, currency)
      )`);
    this.addSql(`
      CREATE TABLE movement (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        -- one transaction of the ledger, written once
        key text NOT NULL,
        leg smallint NOT NULL CHECK (leg >= 1),
        debit_id bigint NOT NULL,
        credit_id bigint NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        payment_id uuid,
        booking_id uuid,
        occurred_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        UNIQUE (key, leg),
        CHECK (debit_id <> credit_id),
        -- the currency is part of both keys: a movement has one currency
        FOREIGN KEY (debit_id, currency) REFERENCES ledger_account (id, currency),
        FOREIGN KEY (credit_id, currency) REFERENCES ledger_account (id, currency)
      )`);
    this.addSql(`CREATE INDEX movement_debit ON movement (debit_id, id) INCLUDE (amount_minor)`);
    this.addSql(`CREATE INDEX movement_credit ON movement (credit_id, id) INCLUDE (amount_minor)`);
    this.addSql(`CREATE INDEX movement_first_leg ON movement (id) WHERE leg = 1`);
    this.addSql(`CREATE INDEX movement_payment ON movement (payment_id)`);
    this.addSql('CREATE INDEX movement_booking ON movement (booking_id)');
  }

  private appendOnlyLedger(): void {
    this.addSql(`
      CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'the ledger is append-only: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
      END $$`);
    for (const table of ['movement', 'ledger_account']) {
      // REVOKE does not bind the owner of a table, which the app's role is. A trigger binds every role.
      this.addSql(`
        CREATE TRIGGER ${table}_append_only BEFORE UPDATE OR DELETE ON ${table}
        FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only()`);
      this.addSql(`
        CREATE TRIGGER ${table}_keeps BEFORE TRUNCATE ON ${table}
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()`);
      this.addSql(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${table}_append_only`);
      this.addSql(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${table}_keeps`);
      this.addSql(`REVOKE UPDATE, DELETE, TRUNCATE ON ${table} FROM PUBLIC`);
    }
  }

  /** The shares that bookings assigns to each party. Reconciliation compares the ledger with them. */
  private bookingSplits(): void {
    this.addSql(`
      CREATE TABLE booking_split (
        booking_id uuid PRIMARY KEY,
        currency text NOT NULL,
        -- null: the amounts of the event do not add up to the remaining total; the ledger is not compared
        host_minor bigint,
        platform_minor bigint,
        tax_minor bigint,
        ended boolean NOT NULL
      )`);
  }
}
