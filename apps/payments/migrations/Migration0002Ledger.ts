import { Migration } from '@mikro-orm/migrations';

export class Migration0002Ledger extends Migration {
  override up(): void {
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
        -- one transaction of the ledger; the same one is never written twice
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
        -- with the currency in the key no movement can mix two
        FOREIGN KEY (debit_id, currency) REFERENCES ledger_account (id, currency),
        FOREIGN KEY (credit_id, currency) REFERENCES ledger_account (id, currency)
      )`);
    this.addSql(`CREATE INDEX movement_debit ON movement (debit_id, id) INCLUDE (amount_minor)`);
    this.addSql(`CREATE INDEX movement_credit ON movement (credit_id, id) INCLUDE (amount_minor)`);
    this.addSql(`CREATE INDEX movement_first_leg ON movement (id) WHERE leg = 1`);
    this.addSql(`CREATE INDEX movement_payment ON movement (payment_id)`);
    this.addSql(`
      CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'the ledger is append-only: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
      END $$`);
    for (const table of ['movement', 'ledger_account']) {
      // REVOKE does not bind the owner of a table, which the app's role is: a trigger binds everybody.
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
}
