import { Migration } from '@mikro-orm/migrations';

export class Migration0001Stay extends Migration {
  override name = 'Migration0001Stay';

  override up(): void {
    // Mirror of identity.user: how authors are called, and who may not write.
    this.addSql(`
      CREATE TABLE account (
        user_id uuid PRIMARY KEY,
        version bigint NOT NULL,
        display_name text,
        active boolean NOT NULL
      )`);
    // What bookings told of a stay, and how far its reviews are.
    this.addSql(`
      CREATE TABLE stay (
        booking_id uuid PRIMARY KEY,
        listing_id uuid NOT NULL,
        host_id uuid NOT NULL,
        guest_id uuid NOT NULL,
        check_in_date date NOT NULL,
        check_out_date date NOT NULL,
        -- null while it may not be reviewed
        closes_at timestamptz(3),
        guest_wrote boolean NOT NULL DEFAULT false,
        host_wrote boolean NOT NULL DEFAULT false,
        -- when the sweeper publishes what has been written; null if there is nothing to publish
        due_at timestamptz(3),
        version integer NOT NULL DEFAULT 1 CHECK (version > 0),
        CHECK (due_at IS NULL OR guest_wrote OR host_wrote),
        CHECK (closes_at IS NOT NULL OR NOT (guest_wrote OR host_wrote))
      )`);
    this.addSql(`CREATE INDEX stay_due ON stay (due_at, booking_id) WHERE due_at IS NOT NULL`);
    for (const side of ['guest', 'host']) {
      this.addSql(
        `CREATE INDEX stay_${side}_pending ON stay (${side}_id, closes_at, booking_id) WHERE NOT ${side}_wrote`,
      );
    }
  }

  override down(): void {
    this.addSql('DROP TABLE stay');
    this.addSql('DROP TABLE account');
  }
}
