import { Migration } from '@mikro-orm/migrations';

export class Migration0004Papers extends Migration {
  override up(): void {
    this.paidStays();
    this.papers();
    this.immutablePapers();
    this.statementIndexes();
  }

  /** What a payment pays for, as booked, and the public names on papers. */
  private paidStays(): void {
    this.addSql(`
      CREATE TABLE paid_stay (
        -- the booking, or the change of a booking
        id uuid PRIMARY KEY,
        listing_id uuid NOT NULL,
        -- as of the booking; null: the event of the listing had not arrived
        listing_title text,
        country_code text,
        check_in_date date NOT NULL,
        check_out_date date NOT NULL,
        lines jsonb NOT NULL,
        -- null: unknown for a change
        host_fee_minor bigint
      )`);
    this.addSql(`
      CREATE TABLE listing_name (
        listing_id uuid PRIMARY KEY,
        version integer NOT NULL,
        title text NOT NULL,
        country_code text
      )`);
    this.addSql(`
      CREATE TABLE party_name (
        user_id uuid PRIMARY KEY,
        version integer NOT NULL,
        -- null: erased
        display_name text
      )`);
  }

  private papers(): void {
    this.addSql(`
      CREATE TABLE paper (
        id uuid PRIMARY KEY,
        kind text NOT NULL CHECK (kind IN ('receipt', 'credit_note')),
        legal_entity text NOT NULL,
        -- the legal entity as configured when the paper was issued
        seller jsonb NOT NULL,
        -- null until the paper is numbered, moments after the commit
        number bigint CHECK (number > 0),
        payment_id uuid NOT NULL REFERENCES payment,
        refund_id uuid REFERENCES refund,
        booking_id uuid NOT NULL,
        guest_id uuid NOT NULL,
        host_id uuid NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        listing_title text,
        check_in_date date,
        check_out_date date,
        lines jsonb NOT NULL,
        -- the capture or the refund
        occurred_at timestamptz NOT NULL,
        issued_at timestamptz NOT NULL,
        -- system time
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CHECK ((refund_id IS NULL) = (kind = 'receipt')),
        UNIQUE NULLS NOT DISTINCT (payment_id, refund_id),
        UNIQUE (legal_entity, number)
      )`);
    this.addSql('CREATE INDEX paper_unnumbered ON paper (legal_entity, issued_at, id) WHERE number IS NULL');
    this.addSql('CREATE INDEX paper_booking ON paper (booking_id)');
    // Locked while papers are numbered, so that numbers have neither gaps nor duplicates.
    this.addSql(`
      CREATE TABLE paper_counter (
        legal_entity text PRIMARY KEY,
        last_number bigint NOT NULL CHECK (last_number >= 0)
      )`);
  }

  private immutablePapers(): void {
    this.addSql(`
      CREATE FUNCTION paper_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP = 'UPDATE' AND OLD.number IS NULL AND NEW.number IS NOT NULL
          AND to_jsonb(NEW) - 'number' = to_jsonb(OLD) - 'number' THEN
          RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a paper is immutable: % is refused; correct it with a credit note', TG_OP
          USING ERRCODE = 'insufficient_privilege';
      END $$`);
    this.addSql(`
      CREATE TRIGGER paper_immutable BEFORE UPDATE OR DELETE ON paper
      FOR EACH ROW EXECUTE FUNCTION paper_is_immutable()`);
    this.addSql(`
      CREATE TRIGGER paper_keeps BEFORE TRUNCATE ON paper
      FOR EACH STATEMENT EXECUTE FUNCTION paper_is_immutable()`);
    this.addSql('ALTER TABLE paper ENABLE ALWAYS TRIGGER paper_immutable');
    this.addSql('ALTER TABLE paper ENABLE ALWAYS TRIGGER paper_keeps');
  }

  /** Statements and transactions read an account in the order of time. The indexes replace those by id, at the same cost. */
  private statementIndexes(): void {
    for (const side of ['debit', 'credit']) {
      this.addSql(`DROP INDEX movement_${side}`);
      this.addSql(
        `CREATE INDEX movement_${side} ON movement (${side}_id, occurred_at, id) INCLUDE (amount_minor)`,
      );
    }
  }
}
