import { Migration } from '@mikro-orm/migrations';

/** Rows from before searches compared apostrophes and dashes in one form. */
export class Migration0003CityApostrophes extends Migration {
  override up(): void {
    this.addSql(String.raw`
      UPDATE listing_search
      SET city = regexp_replace(regexp_replace(city, '[\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02c8\u2032\u2035\uff07\u0060]', '''', 'g'),
        '[\u2010-\u2015\u2212]', '-', 'g')
      WHERE city ~ '[\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02c8\u2032\u2035\uff07\u0060\u2010-\u2015\u2212]'`);
  }

  /** The earlier form is lost, and searches with an apostrophe find both. */
  override down(): void {}
}
