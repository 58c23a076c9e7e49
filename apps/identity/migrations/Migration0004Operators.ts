import { Migration } from '@mikro-orm/migrations';
import { CREATE_AUDIT_LOG, INDEX_AUDIT_LOG } from '@roost/audit';

/** The search of accounts by administrators, and the audit log. */
export class Migration0004Operators extends Migration {
  override up(): void {
    this.addSql(`CREATE INDEX user_account_newest ON user_account (created_at, id)`);
    // Prefixes in any case. text_pattern_ops: LIKE can't use an index in the order of the collation.
    this.addSql(`CREATE INDEX user_account_email_prefix ON user_account (lower(email) text_pattern_ops)`);
    this.addSql(
      `CREATE INDEX user_account_name_prefix ON user_account (lower(display_name) text_pattern_ops)`,
    );
    // Most accounts are active and no administrators: the newest accounts contain those.
    this.addSql(
      `CREATE INDEX user_account_inactive ON user_account (status, created_at, id) WHERE status <> 'active'`,
    );
    this.addSql(
      `CREATE INDEX user_account_administrators ON user_account (created_at, id) WHERE 'admin' = ANY (roles)`,
    );
    for (const statement of [...CREATE_AUDIT_LOG, ...INDEX_AUDIT_LOG]) this.addSql(statement);
  }
}
