import { Arg, Mutation, Resolver } from '@roost/graphql';
import { type AuthUser, CurrentUser, StepUp } from '@roost/http';
import { User } from '../user/user.resolver.js';
import { UserViewService } from '../user/user-view.service.js';
import { ChangeEmail } from './email-change.dto.js';
import { EmailChangeService } from './email-change.service.js';

@Resolver()
export class EmailChangeResolver {
  constructor(
    private readonly changes: EmailChangeService,
    private readonly views: UserViewService,
  ) {}

  @Mutation(User, {
    description: 'Requests a change of your mail address. It changes when both mailboxes have confirmed it.',
  })
  @StepUp()
  async requestEmailChange(
    @CurrentUser() auth: AuthUser,
    @Arg('input', ChangeEmail) input: ChangeEmail,
  ): Promise<User> {
    return this.views.me(await this.changes.begin(auth, input.email));
  }
}
