import { Migration } from '@mikro-orm/migrations';

export class Migration0003Account extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE account (
        user_id uuid PRIMARY KEY,
        version bigint NOT NULL,
        active boolean NOT NULL
      )`);
  }
}
