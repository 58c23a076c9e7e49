import { Arg, Mutation, Resolver } from '@roost/graphql';
import { type AuthUser, CurrentUser } from '@roost/http';
import { User } from '../user/user.resolver.js';
import { UserViewService } from '../user/user-view.service.js';
import { ChangePassword } from './password.dto.js';
import { PasswordService } from './password.service.js';

@Resolver()
export class PasswordResolver {
  constructor(
    private readonly passwords: PasswordService,
    private readonly views: UserViewService,
  ) {}

  @Mutation(User, { description: 'Changes your password and ends all of your other sessions.' })
  async changePassword(
    @CurrentUser() auth: AuthUser,
    @Arg('input', ChangePassword) input: ChangePassword,
  ): Promise<User> {
    return this.views.me(await this.passwords.change(auth, input));
  }
}
