import { MikroORM } from '@mikro-orm/postgresql';
import { Controller, Get, Inject } from '@nestjs/common';
import { type PageOf, QueryParams, RespondsWith, Roles, Summary } from '@roost/http';
import { DisputePage, DisputesQuery, type DisputeView } from './dispute.dto.js';
import { listDisputes } from './dispute.queries.js';

@Controller('v1/admin/disputes')
@Roles('admin')
export class DisputeController {
  constructor(@Inject(MikroORM) private readonly orm: MikroORM) {}

  @Summary('List the disputes of payments')
  @Get()
  @RespondsWith(200, DisputePage, 'auth.forbidden')
  list(@QueryParams(DisputesQuery) query: DisputesQuery): Promise<PageOf<DisputeView>> {
    return listDisputes(this.orm.em.fork(), query);
  }
}
