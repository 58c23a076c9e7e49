import { Migration } from '@mikro-orm/migrations';

export class Migration0001Listing extends Migration {
  override up(): void {
    // `key` is the narrow handle that search rows and their indexes carry; `id` is the public one.
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
  }

  override down(): void {
    this.addSql(`DROP TABLE listing`);
  }
}
