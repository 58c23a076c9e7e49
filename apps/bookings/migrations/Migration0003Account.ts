import { Migration } from '@mikro-orm/migrations';

/** Who is suspended or erased: their tokens are good for some minutes more, their listings stay published. */
export class Migration0003Account extends Migration {
  override name = 'Migration0003Account';

  override up(): void {
    this.addSql(
      'CREATE TABLE account (user_id uuid PRIMARY KEY, version bigint NOT NULL, active boolean NOT NULL)',
    );
  }
}
