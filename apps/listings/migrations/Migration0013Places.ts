import { Migration } from '@mikro-orm/migrations';

/** Cities with published listings. `place_change` names the listings whose place is to be updated. */
export class Migration0013Places extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE place (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        country_code text NOT NULL,
        city text NOT NULL,
        name text NOT NULL,
        listing_count integer NOT NULL DEFAULT 0,
        lat_sum double precision NOT NULL DEFAULT 0,
        lng_sum double precision NOT NULL DEFAULT 0,
        west double precision,
        south double precision,
        east double precision,
        north double precision,
        UNIQUE (country_code, city))`);
    this.addSql(`
      CREATE TABLE place_name (
        name text COLLATE "C" NOT NULL,
        place_id integer NOT NULL REFERENCES place (id) ON DELETE CASCADE,
        PRIMARY KEY (name, place_id))`);
    this.addSql('CREATE INDEX place_name_place ON place_name (place_id)');
    this.addSql(`
      CREATE TABLE place_listing (
        listing_id uuid PRIMARY KEY,
        place_id integer NOT NULL REFERENCES place (id),
        lat double precision NOT NULL,
        lng double precision NOT NULL)`);
    // The box of a place is read from the ends of these indexes.
    this.addSql('CREATE INDEX place_listing_lat ON place_listing (place_id, lat)');
    this.addSql('CREATE INDEX place_listing_lng ON place_listing (place_id, lng)');
    this.addSql(`
      CREATE TABLE place_change (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        listing_id uuid NOT NULL,
        due_at timestamptz NOT NULL DEFAULT now())`);
    this.addSql('CREATE INDEX place_change_due ON place_change (due_at, id)');
    this.addSql('INSERT INTO place_change (listing_id) SELECT listing_id FROM listing_search');
  }

  override down(): void {
    this.addSql('DROP TABLE place_change, place_listing, place_name, place');
  }
}
