import { MikroORM } from '@mikro-orm/postgresql';
import { Controller, Get, Inject } from '@nestjs/common';
import { type PageOf, QueryParams, RespondsWith, Roles, Summary } from '@roost/http';
import { AdminActionPage, type AdminActionView, AuditLogQuery } from './audit-log.dto.js';
import { listAdminActions } from './audit-log.queries.js';

@Controller('v1/admin/payments/audit-log')
@Roles('admin')
export class AuditLogController {
  constructor(@Inject(MikroORM) private readonly orm: MikroORM) {}

  @Summary('List what administrators changed in payments')
  @Get()
  @RespondsWith(200, AdminActionPage, 'auth.forbidden')
  list(@QueryParams(AuditLogQuery) query: AuditLogQuery): Promise<PageOf<AdminActionView>> {
    return listAdminActions(this.orm.em.fork(), query);
  }
}
