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
        evidence_due_at timestamptz,
        opened_at timestamptz NOT NULL,
        closed_at timestamptz,
        version int NOT NULL DEFAULT 1,
        updated_at timestamptz NOT NULL,
        CHECK (host_minor + platform_minor + tax_minor = amount_minor),
        CHECK ((closed_at IS NOT NULL) = (status IN ('won', 'lost'))),
        UNIQUE (payment_id, provider_ref)
      )`);
    this.addSql(`CREATE INDEX dispute_open ON dispute (payment_id) WHERE closed_at IS NULL`);
    this.addSql(`CREATE INDEX dispute_newest ON dispute (opened_at, id)`);
  }
}
