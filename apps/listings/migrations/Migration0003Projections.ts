import { Migration } from '@mikro-orm/migrations';

export class Migration0003Projections extends Migration {
  override up(): void {
    // Mirrors of bookings.calendar and bookings.booking. No foreign key: an event may come before or outlive its listing.
    this.addSql(`
      CREATE TABLE listing_calendar (
        listing_id uuid PRIMARY KEY,
        version integer NOT NULL,
        blocked datemultirange NOT NULL
      )`);
    this.addSql(`
      CREATE TABLE guest_stay (
        booking_id uuid PRIMARY KEY,
        listing_id uuid NOT NULL,
        guest_id uuid NOT NULL,
        state text NOT NULL
      )`);
    this.addSql(`CREATE INDEX guest_stay_guest ON guest_stay (guest_id, listing_id)`);
  }

  override down(): void {
    this.addSql(`DROP TABLE guest_stay`);
    this.addSql(`DROP TABLE listing_calendar`);
  }
}
