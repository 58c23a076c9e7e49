import { MikroORM } from '@mikro-orm/postgresql';
import { Controller, Get, Inject } from '@nestjs/common';
import { type PageOf, QueryParams, RespondsWith, Roles, Summary } from '@roost/http';
import { AdminActionPage, type AdminActionView, PaymentAuditLogQuery } from './audit-log.dto.js';
import { listPaymentActions } from './audit-log.queries.js';

@Controller('v1/admin/payments/audit-log')
@Roles('admin')
export class AuditLogController {
  constructor(@Inject(MikroORM) private readonly orm: MikroORM) {}

  @Summary('List what administrators changed in payments')
  @Get()
  @RespondsWith(200, AdminActionPage, 'auth.forbidden')
  list(@QueryParams(PaymentAuditLogQuery) query: PaymentAuditLogQuery): Promise<PageOf<AdminActionView>> {
    return listPaymentActions(this.orm.em.fork(), query);
  }
}
