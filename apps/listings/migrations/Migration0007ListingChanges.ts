import { Migration } from '@mikro-orm/migrations';

/** Who changed a listing, and when. One row per version. */
export class Migration0007ListingChanges extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE listing_change (
        listing_id uuid NOT NULL REFERENCES listing (id) ON DELETE CASCADE,
        version integer NOT NULL,
        -- null: the service itself
        actor_id uuid,
        action text NOT NULL,
        fields text[] NOT NULL,
        at timestamptz(3) NOT NULL,
        PRIMARY KEY (listing_id, version)
      )`);
  }
}
