import { Injectable } from '@nestjs/common';
import type { AuthUser } from '@roost/http';
import { Problem } from '@roost/platform';
import type { User } from '../account/user.entity.js';
import { PasskeyCheckService } from '../credential/passkey-check.service.js';
import type { PasskeyRequestOptions } from '../credential/passkey.dto.js';
import { PasswordCheckService } from '../credential/password-check.service.js';
import { SecondFactorService } from '../credential/second-factor.service.js';
import type { AccessToken, StepUpProof } from './session.dto.js';
import { SessionService } from './session.service.js';

/** Verifies the identity of a signed-in user again, for routes that require step-up. */
@Injectable()
export class StepUpService {
  constructor(
    private readonly sessions: SessionService,
    private readonly passwords: PasswordCheckService,
    private readonly factors: SecondFactorService,
    private readonly passkeys: PasskeyCheckService,
  ) {}

  async passkeyOptions(auth: AuthUser): Promise<PasskeyRequestOptions> {
    await this.sessions.requireUser(auth);
    return this.passkeys.optionsForStepUp(auth);
  }

  /** Verifies a password, code or passkey and returns an access token with a new `auth_time`. */
  async confirm(auth: AuthUser, proof: StepUpProof): Promise<AccessToken> {
    const owner = await this.sessions.requireUser(auth);
    return this.sessions.renewAuthTime(auth, await this.verify(owner, auth, proof));
  }

  private async verify(owner: User, auth: AuthUser, proof: StepUpProof): Promise<User> {
    if (proof.password !== undefined) return this.passwords.confirm(owner, auth, proof.password);
    if (proof.passkey !== undefined) await this.passkeys.confirm(proof.passkey, auth);
    else if (proof.code !== undefined && owner.mfaEnabled)
      await this.factors.verify(owner.id, proof.code, auth);
    else throw new Problem('auth.wrong_code');
    return owner;
  }
}
