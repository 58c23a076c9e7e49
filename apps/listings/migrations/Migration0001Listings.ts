import { Migration } from '@mikro-orm/migrations';

export class Migration0001Listings extends Migration {
  override up(): void {
    this.createListing();
    this.createSearch();
    this.createMirrors();
    this.createWishlist();
  }

  override down(): void {
    this.addSql(`DROP TABLE wishlist_listing`);
    this.addSql(`DROP TABLE wishlist`);
    this.addSql(`DROP INDEX account_standing_inactive`);
    this.addSql(`DROP TABLE listing_rating`);
    this.addSql(`DROP TABLE guest_booking`);
    this.addSql(`DROP TABLE listing_calendar`);
    this.addSql(`DROP TABLE listing_search`);
    this.addSql(`DROP TABLE listing`);
  }

  private createListing(): void {
    // `key` is the narrow identifier in search rows and their indexes; `id` is the public one.
    this.addSql(`
      CREATE TABLE listing (
        id uuid PRIMARY KEY,
        key bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        host_id uuid NOT NULL,
        status text NOT NULL CHECK (status IN ('draft', 'published', 'paused', 'archived', 'suspended')),
        status_before_suspension text
          CHECK (status_before_suspension IN ('draft', 'published', 'paused')),
        version integer NOT NULL DEFAULT 1 CHECK (version > 0),
        title text NOT NULL,
        description text NOT NULL,
        property_type text NOT NULL,
        room_type text NOT NULL
          CHECK (room_type IN ('entire_home', 'private_room', 'shared_room', 'hotel_room')),
        address jsonb,
        lat double precision CHECK (lat BETWEEN -90 AND 90),
        lng double precision CHECK (lng BETWEEN -180 AND 180),
        public_lat double precision,
        public_lng double precision,
        time_zone text,
        currency text CHECK (currency ~ '^[A-Z]{3}$'),
        capacity integer CHECK (capacity > 0),
        bedrooms integer NOT NULL CHECK (bedrooms >= 0),
        beds integer NOT NULL CHECK (beds >= 0),
        bathrooms double precision NOT NULL CHECK (bathrooms >= 0),
        amenities text[] NOT NULL,
        house_rules text NOT NULL,
        registration_number text,
        max_pets integer NOT NULL CHECK (max_pets >= 0),
        booking_mode text NOT NULL CHECK (booking_mode IN ('instant', 'request')),
        cancellation_policy text
          CHECK (cancellation_policy IN ('flexible', 'moderate', 'limited', 'firm', 'strict')),
        check_in_from text NOT NULL,
        check_out_until text NOT NULL,
        pricing jsonb,
        stay_rules jsonb NOT NULL,
        photos jsonb NOT NULL,
        imported boolean NOT NULL DEFAULT false,
        published_at timestamptz(3),
        created_at timestamptz(3) NOT NULL,
        updated_at timestamptz(3) NOT NULL,
        words tsvector NOT NULL GENERATED ALWAYS AS (
          setweight(to_tsvector('simple', title), 'A') ||
          setweight(to_tsvector('simple', coalesce(address ->> 'city', '')), 'B') ||
          setweight(to_tsvector('simple', description), 'C')
        ) STORED,
        CHECK ((status = 'suspended') = (status_before_suspension IS NOT NULL)),
        CHECK (num_nulls(lat, lng, public_lat, public_lng) IN (0, 4)),
        CHECK (status NOT IN ('published', 'paused') OR num_nulls(
          address, lat, time_zone, currency, capacity, cancellation_policy, pricing, published_at) = 0)
      )`);
    this.addSql(`CREATE INDEX listing_host ON listing (host_id, id DESC)`);
    this.addSql(`CREATE INDEX listing_words ON listing USING gin (words)`);
    // The listing of a photo: each read of a photo checks that the listing is not suspended.
    this.addSql(`CREATE INDEX listing_photo ON listing USING gin (photos jsonb_path_ops)`);
    // The few listings with photos that are not resized yet.
    this.addSql(`
      CREATE INDEX listing_photo_unresized ON listing (id)
        WHERE jsonb_array_length(photos) <> jsonb_array_length(jsonb_path_query_array(photos, '$[*].widths'))`);
  }

  private createSearch(): void {
    // One narrow row per published listing. It contains the displaced point only, so search can not reveal the exact one.
    // `rating_order` is the displayed mean in hundredths, then the number of ratings: one number to filter and sort by.
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
        min_nights integer NOT NULL,
        max_nights integer NOT NULL,
        rating_count integer NOT NULL DEFAULT 0,
        rating_sum integer NOT NULL DEFAULT 0,
        rating_order integer NOT NULL GENERATED ALWAYS AS (
          CASE WHEN rating_count = 0 THEN 0
            ELSE round(100.0 * rating_sum / rating_count)::integer * 1000000 + least(rating_count, 999999) END
        ) STORED
      )`);
    for (const scope of ['cell_3', 'cell_6', 'cell_9', 'cell_12', 'city', 'host_id']) {
      const name = `listing_search_${scope.replace('_id', '')}`;
      this.addSql(`CREATE INDEX ${name}_score ON listing_search (${scope}, score DESC, key DESC)`);
      this.addSql(`CREATE INDEX ${name}_price ON listing_search (${scope}, price_minor, key)`);
      this.addSql(`CREATE INDEX ${name}_rating ON listing_search (${scope}, rating_order DESC, key DESC)`);
    }
    this.addSql(`CREATE INDEX listing_search_score ON listing_search (score DESC, key DESC)`);
    this.addSql(`CREATE INDEX listing_search_price ON listing_search (price_minor, key)`);
    this.addSql(`CREATE INDEX listing_search_rating ON listing_search (rating_order DESC, key DESC)`);
  }

  /** Mirrors of other services' data. No foreign keys: an event may precede its listing. */
  private createMirrors(): void {
    this.addSql(`
      CREATE TABLE listing_calendar (
        listing_id uuid PRIMARY KEY,
        version integer NOT NULL,
        blocked datemultirange NOT NULL
      )`);
    this.addSql(`
      CREATE TABLE guest_booking (
        booking_id uuid PRIMARY KEY,
        listing_id uuid NOT NULL,
        guest_id uuid NOT NULL,
        state text NOT NULL
      )`);
    this.addSql(`CREATE INDEX guest_booking_guest ON guest_booking (guest_id, listing_id)`);
    this.addSql(`
      CREATE TABLE listing_rating (
        listing_id uuid PRIMARY KEY,
        version integer NOT NULL,
        rating_count integer NOT NULL CHECK (rating_count >= 0),
        rating_sum integer NOT NULL CHECK (rating_sum BETWEEN rating_count AND 5 * rating_count)
      )`);
    // Every search reads the few inactive hosts.
    this.addSql(
      `CREATE INDEX account_standing_inactive ON account_standing (user_id) WHERE status <> 'active'`,
    );
  }

  private createWishlist(): void {
    this.addSql(`
      CREATE TABLE wishlist (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL,
        name text NOT NULL,
        created_at timestamptz(3) NOT NULL
      )`);
    this.addSql(`CREATE INDEX wishlist_user ON wishlist (user_id, id DESC)`);
    this.addSql(`
      CREATE TABLE wishlist_listing (
        wishlist_id uuid NOT NULL REFERENCES wishlist (id) ON DELETE CASCADE,
        listing_id uuid NOT NULL REFERENCES listing (id),
        added_at timestamptz(3) NOT NULL,
        PRIMARY KEY (wishlist_id, listing_id)
      )`);
  }
}
