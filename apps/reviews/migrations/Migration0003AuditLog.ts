import { Migration } from '@mikro-orm/migrations';
import { CREATE_AUDIT_LOG, INDEX_AUDIT_LOG } from '@roost/audit';

export class Migration0003AuditLog extends Migration {
  override up(): void {
    for (const statement of [...CREATE_AUDIT_LOG, ...INDEX_AUDIT_LOG]) this.addSql(statement);
  }
}
