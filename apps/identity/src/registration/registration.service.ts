import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { SystemClock } from '@roost/platform';
import { inEvenTime } from '../even-time.js';
import { Mails } from '../mail/mail.service.js';
import {
  issueOneTimeToken,
  latestPending,
  type PendingCredentials,
  takeOneTimeToken,
} from '../one-time-token/one-time-token.queries.js';
import { PasswordHash } from '../credential/password-hash.js';
import { requireGoodPassword } from '../password/password.dto.js';
import { Sessions } from '../session/session.service.js';
import { User } from '../user/user.entity.js';
import { UserStore } from '../user/user.store.js';
import type { Register } from './registration.dto.js';

@Injectable()
export class Registration {
  constructor(
    private readonly transactions: Transactions,
    private readonly hash: PasswordHash,
    private readonly users: UserStore,
    private readonly sessions: Sessions,
    private readonly mails: Mails,
    private readonly clock: SystemClock,
  ) {}

  /** Does as much, and answers the same, whether or not the address has an account: only its mailbox learns it. */
  async register(input: Register): Promise<void> {
    requireGoodPassword(input.password, input, '/password');
    const { email, displayName } = input;
    await inEvenTime(async () => {
      const passwordHash = await this.hash.of(input.password);
      await this.transactions.run(async (em) => {
        const created = await this.users.create(em, { email, displayName, passwordHash });
        if (created) return this.askToVerify(em, created);
        const known = await em.findOneOrFail(User, { email });
        if (known.emailVerifiedAt === null) return this.askToVerify(em, known, { passwordHash, displayName });
        if (known.status === 'active') await this.mails.write(em, known, 'already-registered', {});
      });
    });
  }

  resendVerification(email: string): Promise<void> {
    return inEvenTime(() =>
      this.transactions.run(async (em) => {
        const user = await em.findOne(User, { email, emailVerifiedAt: null, status: 'active' });
        if (user) await this.askToVerify(em, user, await latestPending(em, user.id));
      }),
    );
  }

  async verifyEmail(token: string): Promise<void> {
    await this.transactions.run(async (em) => {
      const now = this.clock.now();
      const { userId, pending } = await takeOneTimeToken(em, ['verify-email'], token, now);
      const user = await em.findOneOrFail(User, { id: userId });
      if (user.emailVerifiedAt !== null) return;
      user.emailVerifiedAt = now;
      if (pending) {
        Object.assign(user, pending);
        await this.sessions.endAll(em, user, 'password');
      }
      await this.users.announce(em, 'user.email-verified', user);
    });
  }

  private async askToVerify(em: EntityManager, user: User, pending?: PendingCredentials): Promise<void> {
    const purpose = 'verify-email';
    const token = await issueOneTimeToken(em, { purpose, userId: user.id, pending }, this.clock.now());
    if (token) await this.mails.write(em, user, purpose, { token });
  }
}
