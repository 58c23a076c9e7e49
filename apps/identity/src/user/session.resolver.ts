import {
  Arg,
  Args,
  Connection,
  type ConnectionPage,
  Mutation,
  PageArguments,
  Query,
  Resolver,
  toConnection,
} from '@roost/graphql';
import { type AuthUser, CurrentUser, Uuid } from '@roost/http';
import { SessionDto } from '../session/session.dto.js';
import { SessionService } from '../session/session.service.js';
import { UserViewService } from './user-view.service.js';
import { User } from './user.resolver.js';

/** The sessions of the caller. Here, because the folder `session` imports no user. */
@Resolver()
export class SessionResolver {
  constructor(
    private readonly service: SessionService,
    private readonly views: UserViewService,
  ) {}

  @Query(Connection(SessionDto), { description: 'Your active sessions, the latest log-in first.' })
  async sessions(
    @CurrentUser() auth: AuthUser,
    @Args(PageArguments) { first: limit, after: cursor }: PageArguments,
  ): Promise<ConnectionPage<SessionDto>> {
    return toConnection(await this.service.list(auth, { limit, cursor }));
  }

  @Mutation(User, { description: 'Ends one of your sessions.' })
  async revokeSession(@CurrentUser() auth: AuthUser, @Arg('id', Uuid) id: string): Promise<User> {
    return this.views.me(await this.service.revoke(auth, id));
  }
}
