import { Migration } from '@mikro-orm/migrations';

/** What users write about themselves. The previous version of the service creates users without it. */
export class Migration0012Profile extends Migration {
  override up(): void {
    this.addSql(`ALTER TABLE user_account ADD COLUMN bio text NOT NULL DEFAULT ''`);
    // The same without contact details; the public profile shows it.
    this.addSql(`ALTER TABLE user_account ADD COLUMN public_bio text NOT NULL DEFAULT ''`);
    this.addSql(`ALTER TABLE user_account ADD COLUMN languages text[] NOT NULL DEFAULT '{}'`);
  }
}
