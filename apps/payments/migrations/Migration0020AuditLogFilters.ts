import { Migration } from '@mikro-orm/migrations';
import { INDEX_AUDIT_LOG } from '@roost/audit';

/** The filters of the audit log. */
export class Migration0020AuditLogFilters extends Migration {
  override up(): void {
    for (const statement of INDEX_AUDIT_LOG) this.addSql(statement);
  }
}
