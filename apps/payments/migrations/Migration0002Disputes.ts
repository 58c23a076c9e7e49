import { Migration } from '@mikro-orm/migrations';

export class Migration0002Disputes extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE dispute (
        id uuid PRIMARY KEY,
        payment_id uuid NOT NULL REFERENCES payment,
        provider_ref text NOT NULL,
        status text NOT NULL CHECK (status IN ('needs_response', 'under_review', 'won', 'lost')),
        reason text,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        -- the share of each party in the disputed amount; a lost dispute deducts it
        host_minor bigint NOT NULL CHECK (host_minor >= 0),
        platform_minor bigint NOT NULL CHECK (platform_minor >= 0),
        tax_minor bigint NOT NULL CHECK (tax_minor >= 0),
        -- the part that exceeds the payment's remaining amount (it was refunded before): a loss of the platform
        excess_minor bigint NOT NULL CHECK (excess_minor >= 0),
        evidence_due_at timestamptz,
        opened_at timestamptz NOT NULL,
        closed_at timestamptz,
        check_at timestamptz NOT NULL,
        version int NOT NULL DEFAULT 1,
        updated_at timestamptz NOT NULL,
        CHECK (host_minor + platform_minor + tax_minor + excess_minor = amount_minor),
        CHECK ((closed_at IS NOT NULL) = (status IN ('won', 'lost'))),
        UNIQUE (payment_id, provider_ref)
      )`);
    this.addSql(`CREATE INDEX dispute_open ON dispute (payment_id) WHERE closed_at IS NULL`);
    this.addSql(`CREATE INDEX dispute_to_check ON dispute (check_at) WHERE closed_at IS NULL`);
    this.addSql(`CREATE INDEX dispute_newest ON dispute (opened_at, id)`);
    this.addSql(`
      ALTER TABLE payment
        -- the parts of open and of lost disputes that the payment covers, without their excess
        ADD COLUMN disputed_minor bigint NOT NULL DEFAULT 0 CHECK (disputed_minor >= 0),
        ADD COLUMN dispute_lost_minor bigint NOT NULL DEFAULT 0,
        -- the part of the lost amount that refunds due to the guest were reduced by
        ADD COLUMN dispute_offset_minor bigint NOT NULL DEFAULT 0 CHECK (dispute_offset_minor >= 0),
        ADD CHECK (dispute_offset_minor <= dispute_lost_minor),
        -- the guest never receives more than was captured, from refunds and from the bank together
        ADD CHECK (refund_reserved_minor + disputed_minor + dispute_lost_minor <= captured_minor)`);
    this.addSql(`
      CREATE TABLE deferred_refund (
        payment_id uuid NOT NULL REFERENCES payment,
        cause text NOT NULL,
        reason text NOT NULL,
        note text,
        requested_by uuid,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        retained jsonb,
        created_at timestamptz NOT NULL,
        retry_at timestamptz NOT NULL,
        PRIMARY KEY (payment_id, cause)
      )`);
    this.addSql(`CREATE INDEX deferred_refund_due ON deferred_refund (retry_at)`);
    // Several instances share one search for disputes whose webhook was lost.
    this.addSql(`CREATE TABLE dispute_search (provider text PRIMARY KEY, check_at timestamptz NOT NULL)`);
  }
}
