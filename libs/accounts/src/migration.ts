import { Migration } from '@mikro-orm/migrations';

/** A user without a row is active: their first event is on its way. */
export class Migration0000AccountStanding extends Migration {
  override up(): void {
    this.addSql(`CREATE TABLE account_standing (
      user_id uuid PRIMARY KEY,
      version integer NOT NULL,
      status text NOT NULL)`);
  }
}
