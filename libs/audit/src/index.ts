/**
 * The audit log of a service: what administrators did, when and why.
 *
 * A service imports `AuditModule` or `AuditModule.withRoute(subjects)` in its app module and creates the table in a migration with
 * `CREATE_AUDIT_LOG` and `INDEX_AUDIT_LOG`. Its use cases call `AuditLog.record(em, action)` in the transaction of the
 * action.
 */
export {
  AdminReason,
  AuditLogEntry,
  AuditLogPage,
  AuditLogQuery,
  OptionalAdminReason,
  ReasonText,
} from './audit-log.dto.js';
export {
  type Actor,
  type AdminAction,
  type AdminActionRow,
  insertAdminAction,
  listAdminActions,
  toAuditLogEntry,
} from './audit-log.queries.js';
export { AuditLog, AuditModule } from './audit.module.js';
export { CREATE_AUDIT_LOG, INDEX_AUDIT_LOG } from './migration.js';
