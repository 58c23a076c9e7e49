import { EntityManager } from '@mikro-orm/postgresql';
import { Controller, Get } from '@nestjs/common';
import { type AuthUser, CurrentUser, type PageOf, QueryParams, RespondsWith, Summary } from '@roost/http';
import { type AccountLogEntry, AccountLogPage, AccountLogQuery } from '../account/account-log.dto.js';
import { listAccountLog } from '../account/account-log.queries.js';
import { SessionService } from '../session/session.service.js';

/** Here, as `SessionResolver`: the folder `account` imports no session. */
@Controller('v1/me/audit-log')
export class AccountLogController {
  constructor(
    private readonly em: EntityManager,
    private readonly sessions: SessionService,
  ) {}

  /** Newest first, of the last 365 days. */
  @Summary('List the log of your account')
  @Get()
  @RespondsWith(200, AccountLogPage)
  async list(
    @CurrentUser() auth: AuthUser,
    @QueryParams(AccountLogQuery) query: AccountLogQuery,
  ): Promise<PageOf<AccountLogEntry>> {
    const user = await this.sessions.requireUser(auth);
    return listAccountLog(this.em.fork(), user.id, query);
  }
}
