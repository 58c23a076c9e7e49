import { Migration } from '@mikro-orm/migrations';

export class Migration0002Search extends Migration {
  override up(): void {
    // One narrow row per published listing, with its displaced point only: search can't leak what it doesn't hold.
    this.addSql(`
      CREATE TABLE listing_search (
        key bigint PRIMARY KEY,
        listing_id uuid NOT NULL UNIQUE REFERENCES listing (id),
        host_id uuid NOT NULL,
        lat double precision NOT NULL,
        lng double precision NOT NULL,
        cell_3 integer NOT NULL,
        cell_6 integer NOT NULL,
        cell_9 integer NOT NULL,
        cell_12 integer NOT NULL,
        city text NOT NULL,
        score integer NOT NULL,
        price_minor bigint NOT NULL,
        currency text NOT NULL,
        room_type text NOT NULL,
        property_type text NOT NULL,
        capacity integer NOT NULL,
        bedrooms integer NOT NULL,
        beds integer NOT NULL,
        bathrooms double precision NOT NULL,
        instant_book boolean NOT NULL,
        amenities text[] NOT NULL,
        least_nights integer NOT NULL,
        most_nights integer NOT NULL
      )`);
    for (const level of [3, 6, 9, 12]) {
      this.addSql(
        `CREATE INDEX listing_search_cell_${level}_score ON listing_search (cell_${level}, score DESC, key DESC)`,
      );
      this.addSql(
        `CREATE INDEX listing_search_cell_${level}_price ON listing_search (cell_${level}, price_minor, key)`,
      );
    }
    this.addSql(`CREATE INDEX listing_search_city_score ON listing_search (city, score DESC, key DESC)`);
    this.addSql(`CREATE INDEX listing_search_city_price ON listing_search (city, price_minor, key)`);
    this.addSql(`CREATE INDEX listing_search_host_score ON listing_search (host_id, score DESC, key DESC)`);
    this.addSql(`CREATE INDEX listing_search_host_price ON listing_search (host_id, price_minor, key)`);
    this.addSql(`CREATE INDEX listing_search_score ON listing_search (score DESC, key DESC)`);
    this.addSql(`CREATE INDEX listing_search_price ON listing_search (price_minor, key)`);
  }

  override down(): void {
    this.addSql(`DROP TABLE listing_search`);
  }
}
