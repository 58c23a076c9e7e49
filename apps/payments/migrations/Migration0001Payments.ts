import { Migration } from '@mikro-orm/migrations';

export class Migration0001Payment extends Migration {
  override up(): void {
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
        wish text NOT NULL DEFAULT 'pay' CHECK (wish IN ('pay', 'capture', 'lapse', 'release')),
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
        release_kept jsonb,
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
        -- what it is for: a second one for the same cause is the first one
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
        -- the provider's idempotency key: made of what is done, never of who tries
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
}
