import { Migration } from '@mikro-orm/migrations';

/** Changes to bookings: the terms that are proposed, what they cost more or less, and what has become of them. */
export class Migration0006Change extends Migration {
  override name = 'Migration0006Change';

  override up(): void {
    this.addSql(`
      CREATE TABLE booking_change (
        id uuid PRIMARY KEY,
        version int NOT NULL DEFAULT 1,
        booking_id uuid NOT NULL REFERENCES booking (id),
        state text NOT NULL CHECK (state IN ('proposed', 'awaiting_payment', 'applied', 'declined', 'withdrawn', 'expired',
          'payment_failed', 'closed')),
        proposed_by text NOT NULL CHECK (proposed_by IN ('guest', 'host')),
        check_in_date date NOT NULL,
        check_out_date date NOT NULL,
        check_in_at timestamptz NOT NULL,
        check_out_at timestamptz NOT NULL,
        guests jsonb NOT NULL,
        price jsonb NOT NULL,
        total_minor bigint NOT NULL,
        host_payout_minor bigint NOT NULL,
        difference_minor bigint NOT NULL,
        holds_nights boolean NOT NULL,
        expires_at timestamptz,
        accepted_at timestamptz,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CHECK (check_in_date < check_out_date),
        CONSTRAINT booking_change_open_ends CHECK ((state IN ('proposed', 'awaiting_payment')) = (expires_at IS NOT NULL))
      )`);
    this.addSql(
      `CREATE UNIQUE INDEX booking_change_open ON booking_change (booking_id) WHERE state IN ('proposed', 'awaiting_payment')`,
    );
    this.addSql('CREATE INDEX booking_change_by_booking ON booking_change (booking_id, id)');
    this.addSql(`
      ALTER TABLE booking
        ADD open_change_id uuid REFERENCES booking_change (id) DEFERRABLE INITIALLY DEFERRED,
        ADD tiers_at_changes jsonb NOT NULL DEFAULT '[]',
        ADD CONSTRAINT booking_with_open_change_is_live CHECK (open_change_id IS NULL OR state IN ('confirmed', 'in_stay'))`);
    this.addSql('ALTER TABLE booking_history ADD change_id uuid');
  }
}
