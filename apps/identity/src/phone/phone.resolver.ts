import { Arg, Mutation, Resolver } from '@roost/graphql';
import { type AuthUser, CurrentUser, VerifiedEmail } from '@roost/http';
import { User } from '../user/user.resolver.js';
import { CodeRequestService } from './code-request.service.js';
import { PhoneCode, RequestPhoneCode, VerifyPhone } from './phone.dto.js';
import { PhoneService } from './phone.service.js';

@Resolver()
export class PhoneResolver {
  constructor(
    private readonly codes: CodeRequestService,
    private readonly phones: PhoneService,
  ) {}

  @VerifiedEmail()
  @Mutation(PhoneCode)
  requestPhoneCode(
    @CurrentUser() auth: AuthUser,
    @Arg('input', RequestPhoneCode) input: RequestPhoneCode,
  ): Promise<PhoneCode> {
    return this.codes.request(auth, input.phone);
  }

  @Mutation(User)
  verifyPhone(@CurrentUser() auth: AuthUser, @Arg('input', VerifyPhone) input: VerifyPhone): Promise<User> {
    return this.phones.verify(auth, input.code);
  }

  @Mutation(User)
  removePhone(@CurrentUser() auth: AuthUser): Promise<User> {
    return this.phones.remove(auth);
  }
}
