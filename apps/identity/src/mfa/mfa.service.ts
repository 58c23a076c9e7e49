import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import type { AuthUser } from '@roost/http';
import { Problem, SystemClock } from '@roost/platform';
import { recordAccountAction } from '../account/account-log.queries.js';
import { SecondFactorService } from '../credential/second-factor.service.js';
import { otpauthUrl } from '../credential/totp.js';
import { MailService } from '../mail/mail.service.js';
import type { Tokens } from '../session/session.dto.js';
import { SessionService } from '../session/session.service.js';
import { User } from '../account/user.entity.js';
import type { TotpEnrolment } from './mfa.dto.js';

@Injectable()
export class MfaService {
  constructor(
    private readonly transactions: Transactions,
    private readonly factors: SecondFactorService,
    private readonly sessions: SessionService,
    private readonly mails: MailService,
    private readonly clock: SystemClock,
  ) {}

  /** Creates a secret. It has no effect before `confirm`. */
  begin(auth: AuthUser): Promise<TotpEnrolment> {
    return this.transactions.run(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      if (user.mfaEnabled) throw new Problem('auth.mfa_already_enabled');
      const secret = await this.factors.enrol(em, user);
      return { secret, otpauthUrl: otpauthUrl(secret, user.email) };
    });
  }

  /** Turns the second factor on: the first code proves that the authenticator works. Returns the recovery codes. */
  async confirm(auth: AuthUser, code: string): Promise<string[]> {
    const owner = await this.sessions.requireUser(auth);
    if (owner.mfaEnabled) throw new Problem('auth.mfa_already_enabled');
    if (!(await this.transactions.run((em) => this.factors.hasAuthenticator(em, owner))))
      throw new Problem('auth.mfa_not_enabled');
    await this.factors.verify(owner.id, code, auth);
    return this.transactions.run(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      if (user.mfaEnabled) throw new Problem('auth.mfa_already_enabled');
      user.mfaEnabled = true;
      await em.flush();
      await this.sessions.markMfaPassed(em, auth);
      await this.mails.send(em, user, 'mfa-enabled', {});
      await recordAccountAction(em, { userId: user.id, action: 'mfa.enabled' }, this.clock.now());
      return this.factors.activate(em, user);
    });
  }

  async remove(auth: AuthUser): Promise<void> {
    await this.transactions.run(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      if (!user.mfaEnabled) throw new Problem('auth.mfa_not_enabled');
      user.mfaEnabled = false;
      await em.flush();
      await this.factors.remove(em, user);
      await this.sessions.resetMfaPassed(em, user);
      await this.mails.send(em, user, 'mfa-removed', {});
      await recordAccountAction(em, { userId: user.id, action: 'mfa.disabled' }, this.clock.now());
    });
  }

  /** Completes a log-in with the second factor. */
  async pass(mfaToken: string, code: string): Promise<Tokens> {
    const userId = await this.transactions.run((em) => this.factors.challengedUserId(em, mfaToken));
    await this.factors.verify(userId, code, null);
    return this.transactions.run(async (em) => {
      const user = await em.findOneOrFail(User, { id: userId });
      await this.factors.challengedUserId(em, mfaToken);
      const method = await this.factors.consumeChallenge(em, mfaToken);
      return this.sessions.open(user, { method, mfaPassed: true });
    });
  }
}
