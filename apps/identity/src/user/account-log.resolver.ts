import { EntityManager } from '@mikro-orm/postgresql';
import {
  Args,
  Connection,
  type ConnectionPage,
  PageArguments,
  Query,
  Resolver,
  toConnection,
} from '@roost/graphql';
import { type AuthUser, CurrentUser } from '@roost/http';
import { AccountLogEntry, AccountLogFilter, type AccountLogQuery } from '../account/account-log.dto.js';
import { listAccountLog } from '../account/account-log.queries.js';
import { SessionService } from '../session/session.service.js';

@Resolver()
export class AccountLogResolver {
  constructor(
    private readonly em: EntityManager,
    private readonly sessions: SessionService,
  ) {}

  @Query(Connection(AccountLogEntry), {
    description: 'The log of your account in the last 365 days, newest first.',
  })
  async accountLog(
    @CurrentUser() auth: AuthUser,
    @Args({ ...AccountLogFilter, ...PageArguments })
    { first: limit, after: cursor, action }: Pick<AccountLogQuery, 'action'> & PageArguments,
  ): Promise<ConnectionPage<AccountLogEntry>> {
    const user = await this.sessions.requireUser(auth);
    return toConnection(await listAccountLog(this.em.fork(), user.id, { limit, cursor, action }));
  }
}
