import { Migration } from '@mikro-orm/migrations';

export class Migration0005Host extends Migration {
  override up(): void {
    // Mirror of identity.user: all that matters here is who has been suspended or erased.
    this.addSql(`
      CREATE TABLE host (
        user_id uuid PRIMARY KEY,
        version integer NOT NULL,
        active boolean NOT NULL
      )`);
    this.addSql(`CREATE INDEX host_inactive ON host (user_id) WHERE NOT active`);
  }

  override down(): void {
    this.addSql(`DROP TABLE host`);
  }
}
