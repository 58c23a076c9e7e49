import { Migration } from '@mikro-orm/migrations';

/** A user without a row is active: the service has not received their first event yet. */
export class Migration0000AccountStanding extends Migration {
  override up(): void {
    this.addSql(`CREATE TABLE account_standing (
      user_id uuid PRIMARY KEY,
      version integer NOT NULL,
      status text NOT NULL)`);
  }
}
