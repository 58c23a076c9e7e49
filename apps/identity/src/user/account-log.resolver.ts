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
import { AccountLogEntry } from '../account/account-log.dto.js';
import { listAccountLog } from '../account/account-log.queries.js';
import { SessionService } from '../session/session.service.js';

@Resolver()
export class AccountLogResolver {
  constructor(
    private readonly em: EntityManager,
    private readonly sessions: SessionService,
  ) {}

  @Query(Connection(AccountLogEntry), {
    description: 'What happened to your account in the last 365 days, newest first.',
  })
  async accountLog(
    @CurrentUser() auth: AuthUser,
    @Args(PageArguments) { first: limit, after: cursor }: PageArguments,
  ): Promise<ConnectionPage<AccountLogEntry>> {
    const user = await this.sessions.requireUser(auth);
    return toConnection(await listAccountLog(this.em.fork(), user.id, { limit, cursor }));
  }
}
