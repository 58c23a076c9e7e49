import { Migration } from '@mikro-orm/migrations';

/** Mirror of identity.user: the names that hits of searches show. */
export class Migration0017HostNames extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE host_name (
        user_id uuid PRIMARY KEY,
        version bigint NOT NULL,
        display_name text
      )`);
  }

  override down(): void {
    this.addSql('DROP TABLE host_name');
  }
}
