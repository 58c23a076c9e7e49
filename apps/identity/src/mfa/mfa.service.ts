import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import type { AuthUser } from '@roost/http';
import { Problem } from '@roost/platform';
import { SecondFactors } from '../credential/second-factors.js';
import { otpauthUrl } from '../credential/totp.js';
import { Mails } from '../mail/mail.service.js';
import type { Tokens } from '../session/session.dto.js';
import { Sessions } from '../session/session.service.js';
import { User } from '../user/user.entity.js';
import type { TotpEnrolment } from './mfa.dto.js';

@Injectable()
export class Mfa {
  constructor(
    private readonly transactions: Transactions,
    private readonly factors: SecondFactors,
    private readonly sessions: Sessions,
    private readonly mails: Mails,
  ) {}

  begin(auth: AuthUser): Promise<TotpEnrolment> {
    return this.transactions.run(async (em) => {
      const user = await this.sessions.ownerOf(auth, em);
      if (user.mfaEnabled) throw new Problem('auth.mfa_already_enabled');
      const secret = await this.factors.begin(em, user);
      return { secret, otpauthUrl: otpauthUrl(secret, user.email) };
    });
  }

  /** The first code proves that the authenticator works; from here on log-ins ask for one. */
  async confirm(auth: AuthUser, code: string): Promise<string[]> {
    const owner = await this.sessions.ownerOf(auth);
    if (owner.mfaEnabled) throw new Problem('auth.mfa_already_enabled');
    if (!(await this.transactions.run((em) => this.factors.begun(em, owner))))
      throw new Problem('auth.mfa_not_enabled');
    await this.factors.verify(owner.id, code);
    return this.transactions.run(async (em) => {
      const user = await this.sessions.ownerOf(auth, em);
      if (user.mfaEnabled) throw new Problem('auth.mfa_already_enabled');
      user.mfaEnabled = true;
      await em.flush();
      await this.sessions.markMfaPassed(em, auth);
      await this.mails.write(em, user, 'mfa-enabled', {});
      return this.factors.complete(em, user);
    });
  }

  async remove(auth: AuthUser): Promise<void> {
    await this.transactions.run(async (em) => {
      const user = await this.sessions.ownerOf(auth, em);
      if (!user.mfaEnabled) throw new Problem('auth.mfa_not_enabled');
      user.mfaEnabled = false;
      await em.flush();
      await this.factors.remove(em, user);
      await this.sessions.forgetMfa(em, user);
      await this.mails.write(em, user, 'mfa-removed', {});
    });
  }

  /** The second half of a log-in. */
  async pass(mfaToken: string, code: string): Promise<Tokens> {
    const userId = await this.transactions.run((em) => this.factors.challenged(em, mfaToken));
    await this.factors.verify(userId, code);
    return this.transactions.run(async (em) => {
      const user = await em.findOneOrFail(User, { id: userId });
      await this.factors.challenged(em, mfaToken);
      await this.factors.useUp(em, mfaToken);
      return this.sessions.open(user, { mfaPassed: true });
    });
  }
}
