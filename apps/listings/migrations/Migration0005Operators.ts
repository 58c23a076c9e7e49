import { Migration } from '@mikro-orm/migrations';
import { CREATE_AUDIT_LOG, INDEX_AUDIT_LOG } from '@roost/audit';

/** The list of all listings for administrators, and their audit log. */
export class Migration0005Operators extends Migration {
  override up(): void {
    this.addSql(`CREATE INDEX listing_newest ON listing (created_at, id)`);
    // A prefix in any case. text_pattern_ops: LIKE can't use an index in the order of the collation.
    this.addSql(`CREATE INDEX listing_title_prefix ON listing (lower(title) text_pattern_ops)`);
    this.addSql(`CREATE INDEX listing_city ON listing (lower(address ->> 'city'), created_at, id)`);
    // Most listings are published: the newest listings contain those.
    this.addSql(
      `CREATE INDEX listing_unpublished ON listing (status, created_at, id) WHERE status <> 'published'`,
    );
    for (const statement of [...CREATE_AUDIT_LOG, ...INDEX_AUDIT_LOG]) this.addSql(statement);
  }
}
