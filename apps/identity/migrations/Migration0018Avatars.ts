import { Migration } from '@mikro-orm/migrations';

/** The pictures of users. The previous version of the service creates users without one. */
export class Migration0018Avatars extends Migration {
  override up(): void {
    this.addSql('ALTER TABLE user_account ADD COLUMN avatar_id uuid');
    // A table of its own, so that the rows of accounts stay small.
    this.addSql(`
      CREATE TABLE avatar (
        user_id uuid PRIMARY KEY REFERENCES user_account ON DELETE CASCADE,
        -- new for each upload: its URL is cached
        id uuid NOT NULL UNIQUE,
        -- WebP
        content bytea NOT NULL,
        created_at timestamptz NOT NULL
      )`);
    // WebP can't be compressed further.
    this.addSql('ALTER TABLE avatar ALTER COLUMN content SET STORAGE EXTERNAL');
  }
}
