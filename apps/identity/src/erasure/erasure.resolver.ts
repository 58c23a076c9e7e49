import { Mutation, Resolver } from '@roost/graphql';
import { type AuthUser, CurrentUser, StepUp } from '@roost/http';
import { SessionService } from '../session/session.service.js';
import { User } from '../user/user.resolver.js';
import { UserViewService } from '../user/user-view.service.js';
import { ErasureService } from './erasure.service.js';

@Resolver()
export class ErasureResolver {
  constructor(
    private readonly erasures: ErasureService,
    private readonly sessions: SessionService,
    private readonly views: UserViewService,
  ) {}

  @Mutation(User, { description: 'Erases your account. Returns it as it was.' })
  @StepUp()
  async eraseMe(@CurrentUser() auth: AuthUser): Promise<User> {
    const before = this.views.me(await this.sessions.requireUser(auth));
    await this.erasures.request(auth);
    return before;
  }
}
