import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import type { AuthUser } from '@roost/http';
import { Problem, SystemClock } from '@roost/platform';
import { inEvenTime } from '../even-time.js';
import { Mails } from '../mail/mail.service.js';
import {
  issueOneTimeToken,
  takeOneTimeToken,
  voidOneTimeTokens,
} from '../one-time-token/one-time-token.queries.js';
import { Sessions } from '../session/session.service.js';
import { User } from '../user/user.entity.js';
import { UserStore } from '../user/user.store.js';
import { AttemptLog } from '../credential/attempts.js';
import { PasswordCheck } from '../credential/password-check.service.js';
import { PasswordHash } from '../credential/password-hash.js';
import { type ChangePassword, requireGoodPassword, type ResetPassword } from './password.dto.js';

@Injectable()
export class Passwords {
  constructor(
    private readonly transactions: Transactions,
    private readonly check: PasswordCheck,
    private readonly attempts: AttemptLog,
    private readonly hash: PasswordHash,
    private readonly sessions: Sessions,
    private readonly users: UserStore,
    private readonly mails: Mails,
    private readonly clock: SystemClock,
  ) {}

  /** Mails a token if the address has an account; the answer never tells. */
  forgot(email: string): Promise<void> {
    return inEvenTime(() =>
      this.transactions.run(async (em) => {
        const user = await em.findOne(User, { email, status: 'active' });
        if (!user) return;
        const token = await issueOneTimeToken(
          em,
          { purpose: 'reset-password', userId: user.id },
          this.clock.now(),
        );
        if (token) await this.mails.write(em, user, 'reset-password', { token });
      }),
    );
  }

  /** Whoever has the token reads the mailbox, so the address counts as verified from here on. */
  async reset(input: ResetPassword): Promise<void> {
    requireGoodPassword(input.password, { email: '', displayName: '' }, '/password');
    const passwordHash = await this.hash.of(input.password);
    const user = await this.transactions.run(async (em) => {
      const now = this.clock.now();
      const { userId } = await takeOneTimeToken(em, ['reset-password'], input.token, now);
      const user = await em.findOneOrFail(User, { id: userId });
      requireGoodPassword(input.password, user, '/password');
      if (user.status !== 'active') throw new Problem('auth.link_invalid');
      user.passwordHash = passwordHash;
      await this.sessions.endAll(em, user, 'password');
      if (user.emailVerifiedAt === null) {
        user.emailVerifiedAt = now;
        await this.users.announce(em, 'user.email-verified', user);
      }
      await this.mails.write(em, user, 'password-changed', {});
      return user;
    });
    await this.attempts.forget(user.email);
  }

  /** The session that changes it goes on; all others end. */
  async change(auth: AuthUser, input: ChangePassword): Promise<void> {
    const owner = await this.sessions.ownerOf(auth);
    const proven = await this.check.verify(owner.email, input.currentPassword);
    requireGoodPassword(input.newPassword, owner, '/newPassword');
    const passwordHash = await this.hash.of(input.newPassword);
    await this.transactions.run(async (em) => {
      const user = await this.sessions.ownerOf(auth, em);
      if (user.passwordHash !== proven.passwordHash) throw new Problem('auth.invalid_credentials');
      user.passwordHash = passwordHash;
      await this.sessions.endAll(em, user, 'password', auth.sessionId);
      await voidOneTimeTokens(em, user.id, ['reset-password'], this.clock.now());
      await this.mails.write(em, user, 'password-changed', {});
    });
  }
}
