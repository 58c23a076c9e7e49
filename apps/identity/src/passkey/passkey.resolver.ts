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
import { Passkey, RenamePasskey } from './passkey.dto.js';
import { PasskeyService } from './passkey.service.js';

/**
 * The passkeys of the caller. They are registered over REST: an input type would reject the fields that browsers add to a
 * credential.
 */
@Resolver()
export class PasskeyResolver {
  constructor(
    private readonly service: PasskeyService,
    private readonly views: UserViewService,
  ) {}

  @Query(Connection(Passkey), { description: 'Your passkeys, newest first.' })
  async passkeys(
    @CurrentUser() auth: AuthUser,
    @Args(PageArguments) { first: limit, after: cursor }: PageArguments,
  ): Promise<ConnectionPage<Passkey>> {
    return toConnection(await this.service.list(auth, { limit, cursor }));
  }

  @Mutation(Passkey)
  renamePasskey(
    @CurrentUser() auth: AuthUser,
    @Arg('id', Uuid) id: string,
    @Arg('input', RenamePasskey) input: RenamePasskey,
  ): Promise<Passkey> {
    return this.service.rename(auth, id, input.name);
  }

  @Mutation(User, { description: 'Removes a passkey and ends all of your other sessions.' })
  @StepUp()
  async removePasskey(@CurrentUser() auth: AuthUser, @Arg('id', Uuid) id: string): Promise<User> {
    return this.views.me(await this.service.remove(auth, id));
  }
}
