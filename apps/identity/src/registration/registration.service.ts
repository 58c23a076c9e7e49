import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Problem, SystemClock } from '@roost/platform';
import { recordAccountAction } from '../account/account-log.queries.js';
import { UserAccountService } from '../account/user-account.service.js';
import { User } from '../account/user.entity.js';
import { requireAllowedPassword } from '../credential/credential.dto.js';
import { PasswordHashService } from '../credential/password-hash.service.js';
import { MailService } from '../mail/mail.service.js';
import { withMinimumDuration } from '../minimum-duration.js';
import {
  consumeOneTimeToken,
  findLatestPending,
  issueOneTimeToken,
  type PendingCredentials,
} from '../one-time-token/one-time-token.queries.js';
import { SessionService } from '../session/session.service.js';
import { firstMailLocale } from '../user/accept-language.js';
import type { Register } from './registration.dto.js';

@Injectable()
export class RegistrationService {
  constructor(
    private readonly transactions: Transactions,
    private readonly hashes: PasswordHashService,
    private readonly users: UserAccountService,
    private readonly sessions: SessionService,
    private readonly mails: MailService,
    private readonly clock: SystemClock,
  ) {}

  /**
   * The account gets the first of the accepted languages that mails are written in. Takes the same time and returns the same
   * response whether or not the address has an account. Only its mailbox differs.
   */
  async register(input: Register, languages: readonly string[]): Promise<void> {
    requireAllowedPassword(input.password, input, '/password');
    const { email, displayName } = input;
    const locale = firstMailLocale(languages);
    await withMinimumDuration(async () => {
      const passwordHash = await this.hashes.hash(input.password);
      await this.transactions.run(async (em) => {
        const created = await this.users.create(em, {
          ...{ email, displayName, locale, passwordHash },
          actor: 'unknown',
        });
        if (created) return this.sendVerification(em, created);
        const existing = await em.findOneOrFail(User, { email });
        if (existing.emailVerifiedAt === null)
          return this.sendVerification(em, existing, { passwordHash, displayName });
        if (existing.status === 'active') await this.mails.send(em, existing, 'already-registered', {});
      });
    });
  }

  resendVerification(email: string): Promise<void> {
    return withMinimumDuration(() =>
      this.transactions.run(async (em) => {
        const user = await em.findOne(User, { email, emailVerifiedAt: null, status: 'active' });
        if (user) await this.sendVerification(em, user, await findLatestPending(em, user.id));
      }),
    );
  }

  /** Verifies the address. Pending credentials of the token replace those of the account and end its sessions. */
  async verifyEmail(token: string): Promise<void> {
    await this.transactions.run(async (em) => {
      const now = this.clock.now();
      const { userId, pending } = await consumeOneTimeToken(em, ['verify-email'], token, now);
      const user = await em.findOneOrFail(User, { id: userId });
      if (user.status === 'erased') throw new Problem('auth.link_invalid');
      if (user.emailVerifiedAt !== null) return;
      user.emailVerifiedAt = now;
      if (pending) {
        Object.assign(user, pending);
        await this.sessions.endAll(em, user, 'password');
      }
      await this.users.publish(em, 'user.email-verified', user);
      await recordAccountAction(em, { userId, action: 'email.verified' }, now);
    });
  }

  private async sendVerification(em: EntityManager, user: User, pending?: PendingCredentials): Promise<void> {
    const purpose = 'verify-email';
    const token = await issueOneTimeToken(em, { purpose, userId: user.id, pending }, this.clock.now());
    if (token) await this.mails.send(em, user, purpose, { token });
  }
}
