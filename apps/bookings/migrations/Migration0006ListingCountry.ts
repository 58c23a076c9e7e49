import { Migration } from '@mikro-orm/migrations';

/** The country of a listing, which payments needs to choose a provider. Null until the next event of the listing. */
export class Migration0006ListingCountry extends Migration {
  override name = 'Migration0006ListingCountry';

  override up(): void {
    this.addSql('ALTER TABLE listing_snapshot ADD COLUMN country_code text');
  }
}
