import { Arg, Mutation, Resolver } from '@roost/graphql';
import { type AuthUser, CurrentUser, StepUp } from '@roost/http';
import { User } from '../user/user.resolver.js';
import { UserViewService } from '../user/user-view.service.js';
import { ConfirmTotp, RecoveryCodes, TotpEnrolment } from './mfa.dto.js';
import { MfaService } from './mfa.service.js';

@Resolver()
export class MfaResolver {
  constructor(
    private readonly mfa: MfaService,
    private readonly views: UserViewService,
  ) {}

  @Mutation(TotpEnrolment, { description: 'Begins the enrolment of an authenticator.' })
  @StepUp()
  beginTotp(@CurrentUser() auth: AuthUser): Promise<TotpEnrolment> {
    return this.mfa.begin(auth);
  }

  @Mutation(RecoveryCodes, { description: 'Confirms the enrolment of an authenticator.' })
  @StepUp()
  async confirmTotp(
    @CurrentUser() auth: AuthUser,
    @Arg('input', ConfirmTotp) input: ConfirmTotp,
  ): Promise<RecoveryCodes> {
    return { recoveryCodes: await this.mfa.confirm(auth, input.code) };
  }

  @Mutation(User, { description: 'Removes your authenticator.' })
  @StepUp()
  async removeTotp(@CurrentUser() auth: AuthUser): Promise<User> {
    return this.views.me(await this.mfa.remove(auth));
  }
}
