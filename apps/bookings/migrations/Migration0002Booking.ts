import { Migration } from '@mikro-orm/migrations';

/** What a quote promises and a booking keeps: the terms of one stay, frozen. */
const terms = `
  listing_id uuid NOT NULL,
  calendar_listing_id bigint NOT NULL,
  host_id uuid NOT NULL,
  guest_id uuid NOT NULL,
  booking_mode text NOT NULL CHECK (booking_mode IN ('instant', 'request')),
  cancellation_policy text NOT NULL,
  time_zone text NOT NULL,
  check_in_from text NOT NULL,
  check_out_until text NOT NULL,
  check_in_date date NOT NULL,
  check_out_date date NOT NULL,
  check_in_at timestamptz NOT NULL,
  check_out_at timestamptz NOT NULL,
  preparation_nights int NOT NULL,
  guests jsonb NOT NULL,
  currency text NOT NULL,
  price jsonb NOT NULL,
  total_minor bigint NOT NULL,
  host_payout_minor bigint NOT NULL,
  refund_schedule jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  CHECK (check_in_date < check_out_date)`;

export class Migration0002Booking extends Migration {
  override name = 'Migration0002Booking';

  override up(): void {
    this.addSql(`CREATE TABLE quote (id uuid PRIMARY KEY, expires_at timestamptz NOT NULL, ${terms})`);
    this.addSql('CREATE INDEX quote_by_expiry ON quote (expires_at)');
    this.addSql(`
      CREATE TABLE booking (
        id uuid PRIMARY KEY,
        version int NOT NULL DEFAULT 1,
        owner_id bigint NOT NULL UNIQUE,
        quote_id uuid NOT NULL UNIQUE,
        state text NOT NULL CHECK (state IN ('pending_payment', 'awaiting_host', 'awaiting_capture', 'confirmed',
          'in_stay', 'completed', 'cancelled', 'declined', 'expired')),
        ${terms},
        message text,
        hold_expires_at timestamptz,
        respond_by timestamptz,
        due_at timestamptz,
        confirmed_at timestamptz,
        expired_cause text CHECK (expired_cause IN ('hold', 'host', 'check-in', 'capture')),
        payment_id uuid,
        authorized_minor bigint NOT NULL DEFAULT 0,
        captured_minor bigint NOT NULL DEFAULT 0,
        cancellation jsonb,
        updated_at timestamptz NOT NULL,
        CONSTRAINT booking_expired_has_cause CHECK ((state = 'expired') = (expired_cause IS NOT NULL)),
        CONSTRAINT booking_cancelled_has_cancellation CHECK ((state = 'cancelled') = (cancellation IS NOT NULL)),
        CONSTRAINT booking_end_is_never_due CHECK (state NOT IN ('completed', 'cancelled', 'declined', 'expired') OR due_at IS NULL)
      )`);
    // Due work is rows: sweepers find them here whatever became of the job that should have woken them.
    this.addSql('CREATE INDEX booking_due ON booking (due_at) WHERE due_at IS NOT NULL');
    this.addSql('CREATE INDEX booking_by_guest ON booking (guest_id, id DESC)');
    this.addSql('CREATE INDEX booking_by_host ON booking (host_id, id DESC)');
    this.addSql(`
      CREATE TABLE booking_history (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        booking_id uuid NOT NULL REFERENCES booking (id),
        version int NOT NULL,
        at timestamptz NOT NULL,
        by text NOT NULL CHECK (by IN ('guest', 'host', 'admin', 'payment', 'system')),
        actor_id uuid,
        event text NOT NULL,
        from_state text,
        to_state text NOT NULL,
        reason text
      )`);
    this.addSql('CREATE INDEX booking_history_by_booking ON booking_history (booking_id, id)');
  }
}
