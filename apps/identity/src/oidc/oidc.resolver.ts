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
import { type AuthUser, CurrentUser, StepUp, Uuid } from '@roost/http';
import { User } from '../user/user.resolver.js';
import { UserViewService } from '../user/user-view.service.js';
import { Identity } from './oidc.dto.js';
import { OidcService } from './oidc.service.js';

/** The accounts of the caller at providers. Log-ins and links are over REST, as all log-ins. */
@Resolver()
export class OidcResolver {
  constructor(
    private readonly oidc: OidcService,
    private readonly views: UserViewService,
  ) {}

  @Query(Connection(Identity), { description: 'Your accounts at OpenID Connect providers, newest first.' })
  async identities(
    @CurrentUser() auth: AuthUser,
    @Args(PageArguments) { first: limit, after: cursor }: PageArguments,
  ): Promise<ConnectionPage<Identity>> {
    return toConnection(await this.oidc.list(auth, { limit, cursor }));
  }

  @Mutation(User, { description: 'Unlinks an account of a provider and ends all of your other sessions.' })
  @StepUp()
  async unlinkIdentity(@CurrentUser() auth: AuthUser, @Arg('id', Uuid) id: string): Promise<User> {
    return this.views.me(await this.oidc.unlink(auth, id));
  }
}
