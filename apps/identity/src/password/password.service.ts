import { Injectable } from '@nestjs/common';
import type { AuthUser } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { Problem, SystemClock } from '@roost/platform';
import { recordAccountAction } from '../account/account-log.queries.js';
import { UserAccountService } from '../account/user-account.service.js';
import { User } from '../account/user.entity.js';
import { requireAllowedPassword } from '../credential/credential.dto.js';
import { PasswordCheckService } from '../credential/password-check.service.js';
import { PasswordHashService } from '../credential/password-hash.service.js';
import { MailService } from '../mail/mail.service.js';
import { withMinimumDuration } from '../minimum-duration.js';
import {
  consumeOneTimeToken,
  issueOneTimeToken,
  revokeOneTimeTokens,
} from '../one-time-token/one-time-token.queries.js';
import { SessionService } from '../session/session.service.js';
import type { ChangePassword, ResetPassword } from './password.dto.js';

@Injectable()
export class PasswordService {
  constructor(
    private readonly transactions: Transactions,
    private readonly check: PasswordCheckService,
    private readonly hashes: PasswordHashService,
    private readonly sessions: SessionService,
    private readonly users: UserAccountService,
    private readonly mails: MailService,
    private readonly clock: SystemClock,
  ) {}

  /** Mails a token if the address has an active account. The response is the same for every address. */
  forgot(email: string): Promise<void> {
    return withMinimumDuration(() =>
      this.transactions.run(async (em) => {
        const user = await em.findOne(User, { email, status: 'active' });
        if (!user) return;
        const token = await issueOneTimeToken(
          em,
          { purpose: 'reset-password', userId: user.id },
          this.clock.now(),
        );
        if (token) await this.mails.send(em, user, 'reset-password', { token });
      }),
    );
  }

  /** Sets a new password, ends all sessions and a lock-out. The token proves access to the mailbox: it verifies the address. */
  async reset(input: ResetPassword): Promise<void> {
    requireAllowedPassword(input.password, { email: '', displayName: '' }, '/password');
    const passwordHash = await this.hashes.hash(input.password);
    const user = await this.transactions.run(async (em) => {
      const now = this.clock.now();
      const { userId } = await consumeOneTimeToken(em, ['reset-password'], input.token, now);
      const user = await em.findOneOrFail(User, { id: userId });
      requireAllowedPassword(input.password, user, '/password');
      if (user.status !== 'active') throw new Problem('auth.link_invalid');
      user.passwordHash = passwordHash;
      await this.sessions.endAll(em, user, 'password');
      if (user.emailVerifiedAt === null) {
        user.emailVerifiedAt = now;
        await this.users.publish(em, 'user.email-verified', user);
      }
      await this.mails.send(em, user, 'password-changed', {});
      await recordAccountAction(em, { userId, action: 'password.reset' }, now);
      return user;
    });
    await this.check.unlock(user.email);
    // During an attack from many networks, a new device can log in after a reset.
    this.check.markDeviceKnown(user.id);
  }

  /** Sets a new password and ends all other sessions. */
  async change(auth: AuthUser, input: ChangePassword): Promise<void> {
    const owner = await this.sessions.requireUser(auth);
    const proven = await this.check.confirm(owner, auth, input.currentPassword);
    requireAllowedPassword(input.newPassword, owner, '/newPassword');
    const passwordHash = await this.hashes.hash(input.newPassword);
    await this.transactions.run(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      if (user.passwordHash !== proven.passwordHash) throw new Problem('auth.wrong_password');
      user.passwordHash = passwordHash;
      await this.sessions.endAll(em, user, 'password', auth.sessionId);
      const now = this.clock.now();
      await revokeOneTimeTokens(em, user.id, ['reset-password'], now);
      await this.mails.send(em, user, 'password-changed', {});
      await recordAccountAction(em, { userId: user.id, action: 'password.changed' }, now);
    });
  }
}
