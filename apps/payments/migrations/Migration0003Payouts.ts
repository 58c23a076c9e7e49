import { Migration } from '@mikro-orm/migrations';

export class Migration0003Payouts extends Migration {
  override up(): void {
    this.accounts();
    this.bookings();
    this.payouts();
  }

  private accounts(): void {
    this.addSql(`
      CREATE TABLE payout_account (
        id uuid PRIMARY KEY,
        host_id uuid NOT NULL,
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        provider text NOT NULL CHECK (provider IN ('sandbox', 'stripe', 'paystack')),
        -- encrypted
        reference text NOT NULL,
        reference_end text NOT NULL CHECK (length(reference_end) = 4),
        usable_at timestamptz NOT NULL,
        -- incremented by each payout: of two concurrent payouts of one host, one fails and runs again
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        replaced_at timestamptz
      )`);
    this.addSql(
      `CREATE UNIQUE INDEX payout_account_current ON payout_account (host_id, currency) WHERE replaced_at IS NULL`,
    );
  }

  /** When the host of a confirmed booking is paid. How much is the balance of the ledger. */
  private bookings(): void {
    this.addSql(`
      CREATE TABLE payout_booking (
        booking_id uuid PRIMARY KEY,
        host_id uuid NOT NULL,
        currency text NOT NULL,
        check_in_date date NOT NULL,
        check_out_date date NOT NULL,
        time_zone text NOT NULL,
        first_due_at timestamptz NOT NULL,
        cancelled boolean NOT NULL,
        -- null: never again
        check_at timestamptz
      )`);
    this.addSql(`CREATE INDEX payout_booking_check ON payout_booking (check_at) WHERE check_at IS NOT NULL`);
    this.addSql(`CREATE INDEX payout_booking_due ON payout_booking (host_id, currency, check_at)
      WHERE check_at IS NOT NULL`);
  }

  private payouts(): void {
    this.addSql(`
      CREATE TABLE payout (
        id uuid PRIMARY KEY,
        host_id uuid NOT NULL,
        currency text NOT NULL,
        account_id uuid NOT NULL REFERENCES payout_account,
        provider text NOT NULL,
        provider_ref text,
        status text NOT NULL CHECK (status IN ('in_transit', 'paid', 'failed')),
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        -- the number of failures in a row before it, plus one
        attempt int NOT NULL CHECK (attempt >= 1),
        failure_code text,
        due_at timestamptz NOT NULL,
        retry_at timestamptz,
        tries int NOT NULL DEFAULT 0,
        -- of a repeated call: final if its provider has no transfer later either
        rejection text,
        lease_until timestamptz,
        -- system time of the next call to the provider
        call_at timestamptz NOT NULL,
        started_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        finished_at timestamptz,
        version int NOT NULL DEFAULT 1,
        CHECK ((finished_at IS NULL) = (status = 'in_transit')),
        CHECK ((failure_code IS NOT NULL) = (status = 'failed')),
        UNIQUE (provider, provider_ref)
      )`);
    this.addSql(
      `CREATE UNIQUE INDEX payout_in_transit ON payout (host_id, currency) WHERE status = 'in_transit'`,
    );
    this.addSql(`CREATE INDEX payout_call ON payout (call_at) WHERE status = 'in_transit'`);
    this.addSql(`CREATE INDEX payout_host ON payout (host_id, id)`);
    this.addSql(`
      CREATE TABLE payout_line (
        payout_id uuid NOT NULL REFERENCES payout,
        booking_id uuid NOT NULL,
        -- negative: a deduction
        amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
        -- the last instalment of the booking that it pays; 0 for a deduction
        instalment int NOT NULL CHECK (instalment >= 0),
        PRIMARY KEY (payout_id, booking_id)
      )`);
    this.addSql(`CREATE INDEX payout_line_booking ON payout_line (booking_id)`);
  }
}
