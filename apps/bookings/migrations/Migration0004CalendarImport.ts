import { Migration } from '@mikro-orm/migrations';

/** Who owns the nights that a listing is not offered elsewhere: one owner per listing and source. */
export class Migration0004CalendarImport extends Migration {
  override name = 'Migration0004CalendarImport';

  override up(): void {
    this.addSql(`
      CREATE TABLE calendar_import (
        listing_id bigint NOT NULL REFERENCES calendar_listing (id),
        source text NOT NULL,
        owner_id bigint NOT NULL UNIQUE DEFAULT nextval('calendar_owner'),
        PRIMARY KEY (listing_id, source)
      )`);
  }
}
