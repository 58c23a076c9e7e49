import { Migration } from '@mikro-orm/migrations';

const IS_PUBLIC = 'published_at IS NOT NULL AND hidden_at IS NULL';

export class Migration0001Reviews extends Migration {
  override up(): void {
    this.createMirrors();
    this.createReview();
    this.createRating();
    this.createReviewReport();
  }

  override down(): void {
    this.addSql('DROP TABLE review_report');
    this.addSql('DROP TABLE rating');
    this.addSql('DROP TABLE review');
    this.addSql('DROP TABLE reviewable_stay');
    this.addSql('DROP TABLE listing');
    this.addSql('DROP TABLE author');
  }

  private createMirrors(): void {
    // Mirror of identity.user: the display names of authors.
    this.addSql(`
      CREATE TABLE author (
        user_id uuid PRIMARY KEY,
        version bigint NOT NULL,
        display_name text
      )`);
    // Mirror of listings.listing: whether its reviews are public.
    this.addSql(`
      CREATE TABLE listing (
        listing_id uuid PRIMARY KEY,
        version bigint NOT NULL,
        host_id uuid NOT NULL,
        status text NOT NULL
      )`);
    this.addSql('CREATE INDEX listing_host ON listing (host_id)');
    // The stays of bookings, and the state of their reviews.
    this.addSql(`
      CREATE TABLE reviewable_stay (
        booking_id uuid PRIMARY KEY,
        listing_id uuid NOT NULL,
        host_id uuid NOT NULL,
        guest_id uuid NOT NULL,
        check_in_date date NOT NULL,
        check_out_date date NOT NULL,
        -- null while the stay may not be reviewed
        closes_at timestamptz(3),
        guest_reviewed boolean NOT NULL DEFAULT false,
        host_reviewed boolean NOT NULL DEFAULT false,
        -- when the sweeper publishes the written reviews; null if none is unpublished
        due_at timestamptz(3),
        version integer NOT NULL DEFAULT 1 CHECK (version > 0),
        CHECK (due_at IS NULL OR guest_reviewed OR host_reviewed),
        CHECK (closes_at IS NOT NULL OR NOT (guest_reviewed OR host_reviewed))
      )`);
    this.addSql(
      `CREATE INDEX reviewable_stay_due ON reviewable_stay (due_at, booking_id) WHERE due_at IS NOT NULL`,
    );
    for (const side of ['guest', 'host']) {
      this.addSql(
        `CREATE INDEX reviewable_stay_${side}_pending ON reviewable_stay (${side}_id, closes_at, booking_id)
         WHERE NOT ${side}_reviewed`,
      );
    }
  }

  private createReview(): void {
    this.addSql(`
      CREATE TABLE review (
        id uuid PRIMARY KEY,
        booking_id uuid REFERENCES reviewable_stay (booking_id),
        listing_id uuid NOT NULL,
        direction text NOT NULL CHECK (direction IN ('guest_to_listing', 'host_to_guest')),
        author_id uuid,
        -- the user who may reply
        recipient_id uuid,
        -- the listing or the guest
        subject_id uuid NOT NULL,
        overall smallint CHECK (overall BETWEEN 1 AND 5),
        categories jsonb,
        text text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 5000),
        written_at timestamptz(3) NOT NULL,
        -- null while only the author may see the review
        published_at timestamptz(3),
        reply text CHECK (char_length(reply) BETWEEN 1 AND 5000),
        replied_at timestamptz(3),
        hidden_at timestamptz(3),
        hidden_reason text,
        hidden_by uuid,
        -- Not UNIQUE: the id is derived from it, and under concurrency a second unique index would make
        -- ON CONFLICT (id) fail.
        external_id text,
        external_author text,
        version integer NOT NULL DEFAULT 1 CHECK (version > 0),
        UNIQUE (booking_id, direction),
        CHECK (num_nulls(reply, replied_at) IN (0, 2)),
        CHECK (num_nulls(hidden_at, hidden_reason, hidden_by) IN (0, 3)),
        CHECK (published_at IS NOT NULL OR num_nulls(reply, hidden_at) = 2),
        CHECK (CASE WHEN external_id IS NULL
          THEN num_nulls(booking_id, author_id, recipient_id, overall, categories) = 0 AND external_author IS NULL
          ELSE num_nonnulls(booking_id, author_id, recipient_id, overall, categories) = 0
            AND external_author IS NOT NULL AND published_at IS NOT NULL AND direction = 'guest_to_listing' END)
      )`);
    this.addSql(
      `CREATE INDEX review_listing ON review (listing_id, published_at DESC, id DESC)
       WHERE direction = 'guest_to_listing' AND ${IS_PUBLIC}`,
    );
    this.addSql(
      `CREATE INDEX review_recipient ON review (recipient_id, published_at DESC, id DESC) WHERE ${IS_PUBLIC}`,
    );
  }

  private createRating(): void {
    this.addSql(`
      CREATE TABLE rating (
        -- a listing or a guest
        subject_id uuid PRIMARY KEY,
        version integer NOT NULL DEFAULT 1 CHECK (version > 0),
        count integer NOT NULL CHECK (count >= 0),
        overall_sum integer NOT NULL CHECK (overall_sum BETWEEN count AND 5 * count),
        category_sums jsonb NOT NULL,
        -- the numbers of reviews with 1, 2, 3, 4 and 5 stars
        histogram jsonb NOT NULL
      )`);
  }

  private createReviewReport(): void {
    this.addSql(`
      CREATE TABLE review_report (
        id uuid PRIMARY KEY,
        review_id uuid NOT NULL REFERENCES review (id),
        reporter_id uuid NOT NULL,
        reason text NOT NULL,
        comment text,
        status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'upheld', 'dismissed')),
        created_at timestamptz(3) NOT NULL,
        closed_at timestamptz(3),
        closed_by uuid,
        CHECK ((status = 'open') = (closed_at IS NULL)),
        CHECK (num_nulls(closed_at, closed_by) IN (0, 2))
      )`);
    this.addSql(
      `CREATE UNIQUE INDEX review_report_open ON review_report (review_id, reporter_id) WHERE status = 'open'`,
    );
    this.addSql('CREATE INDEX review_report_queue ON review_report (status, id)');
  }
}
