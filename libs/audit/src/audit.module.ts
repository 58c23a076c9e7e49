import { EntityManager } from '@mikro-orm/postgresql';
import { Controller, type DynamicModule, Get, Global, Injectable, Module, type Type } from '@nestjs/common';
import {
  type AuthUser,
  type ImportResult,
  type PageOf,
  QueryParams,
  RespondsWith,
  Roles,
  Summary,
} from '@roost/http';
import { SystemClock } from '@roost/platform';
import { type AuditLogEntry, AuditLogPage, AuditLogQuery } from './audit-log.dto.js';
import {
  type AdminAction,
  insertAdminAction,
  listAdminActions,
  toAuditLogEntry,
} from './audit-log.queries.js';

/** Records what administrators do. */
@Injectable()
export class AuditLog {
  constructor(private readonly clock: SystemClock) {}

  /** Call it in the transaction of the action. */
  record(em: EntityManager, action: AdminAction): Promise<void> {
    return insertAdminAction(em, action, this.clock.now());
  }

  /** Records the import of a batch, in its transaction. */
  recordImport(
    em: EntityManager,
    { admin, action, source }: { admin: AuthUser; action: string; source: string },
    results: readonly ImportResult[],
  ): Promise<void> {
    const refused = results.filter(({ outcome }) => outcome === 'refused').length;
    return this.record(em, {
      ...{ actor: admin, action, subject: { type: 'import', id: source } },
      details: { rows: results.length, refused },
    });
  }
}

/** `AuditLog` for all modules of a service. */
@Global()
@Module({ providers: [AuditLog], exports: [AuditLog] })
export class AuditModule {
  /** The same with the route that lists the log. `subjects` names what administrators act on, such as `bookings`. */
  static withRoute(subjects: string): DynamicModule {
    return { module: AuditModule, controllers: [auditLogController(subjects)] };
  }
}

function auditLogController(subjects: string): Type {
  @Controller(`v1/admin/${subjects}/audit-log`)
  @Roles('admin')
  class AuditLogController {
    constructor(private readonly em: EntityManager) {}

    @Summary(`List what administrators did with ${subjects}`, `AuditLogController_list_${subjects}`)
    @Get()
    @RespondsWith(200, AuditLogPage, 'auth.forbidden')
    list(@QueryParams(AuditLogQuery) query: AuditLogQuery): Promise<PageOf<AuditLogEntry>> {
      return listAdminActions(this.em.fork(), query, toAuditLogEntry);
    }
  }
  return AuditLogController;
}
