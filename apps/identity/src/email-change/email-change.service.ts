import { UniqueConstraintViolationException } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { AuthUser } from '@roost/http';
import { RetryTransaction, Transactions } from '@roost/messaging';
import { invalidField, Problem, SystemClock } from '@roost/platform';
import { recordAccountAction } from '../account/account-log.queries.js';
import { UserAccountService } from '../account/user-account.service.js';
import { User } from '../account/user.entity.js';
import { MailService } from '../mail/mail.service.js';
import { withMinimumDuration } from '../minimum-duration.js';
import {
  consumeOneTimeToken,
  issueOneTimeToken,
  type Purpose,
  revokeOneTimeTokens,
} from '../one-time-token/one-time-token.queries.js';
import { SessionService } from '../session/session.service.js';
import { EmailChange } from './email-change.entity.js';
import { replaceEmailChange } from './email-change.queries.js';

const PURPOSES: Purpose[] = ['email-change-old', 'email-change-new'];

@Injectable()
export class EmailChangeService {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: SessionService,
    private readonly users: UserAccountService,
    private readonly mails: MailService,
    private readonly clock: SystemClock,
  ) {}

  /** Mails both mailboxes. Only the new mailbox learns whether its address has an account. */
  async begin(auth: AuthUser, newEmail: string): Promise<User> {
    const owner = await this.sessions.requireUser(auth);
    if (owner.email === newEmail) throw invalidField('/email', 'Is already your mail address');
    return withMinimumDuration(() =>
      this.transactions.run(async (em) => {
        const user = await this.sessions.requireUser(auth, em);
        const createdAt = this.clock.now();
        await revokeOneTimeTokens(em, user.id, PURPOSES, createdAt);
        // An address that was never verified does not have to confirm.
        const oldConfirmedAt = user.emailVerifiedAt === null ? createdAt : null;
        await replaceEmailChange(em, { userId: user.id, newEmail, createdAt, oldConfirmedAt });
        await recordAccountAction(em, { userId: user.id, action: 'email.change-requested' }, createdAt);
        if (oldConfirmedAt === null) await this.requestConfirmation(em, user, 'email-change-old', newEmail);
        const taken = await em.findOne(User, { email: newEmail });
        if (taken) {
          const { id, email, locale } = taken;
          await this.mails.send(em, { id, email, locale, displayName: null }, 'email-taken', {});
        } else await this.requestConfirmation(em, user, 'email-change-new', newEmail);
        return user;
      }),
    );
  }

  /** Confirms for one mailbox. The second confirmation applies the change. */
  async confirm(token: string): Promise<void> {
    const valid = await this.transactions.run(async (em) => {
      const now = this.clock.now();
      const { userId, purpose } = await consumeOneTimeToken(em, PURPOSES, token, now);
      const user = await em.findOneOrFail(User, { id: userId });
      const change = await em.findOneOrFail(EmailChange, { userId });
      if (user.status !== 'active') return false;
      if (purpose === 'email-change-old') change.oldConfirmedAt = now;
      else change.newConfirmedAt = now;
      if (!change.oldConfirmedAt || !change.newConfirmedAt) return true;
      em.remove(change);
      if (await em.findOne(User, { email: change.newEmail })) return false;
      await this.apply(em, user, change.newEmail, now);
      return true;
    });
    if (!valid) throw new Problem('auth.link_invalid');
  }

  private async apply(em: EntityManager, user: User, newEmail: string, now: Date): Promise<void> {
    const { id, email, displayName, locale } = user;
    const before = { id, email, displayName, locale };
    const unverified = user.emailVerifiedAt === null;
    user.email = newEmail;
    user.emailVerifiedAt ??= now;
    try {
      await em.flush();
    } catch (error) {
      if (error instanceof UniqueConstraintViolationException)
        throw new RetryTransaction('mail address taken');
      throw error;
    }
    // These tokens were sent to the old mailbox.
    await revokeOneTimeTokens(em, user.id, ['reset-password', 'verify-email'], now);
    if (unverified) await this.users.publish(em, 'user.email-verified', user);
    await this.mails.send(em, before, 'email-changed', { newEmail });
    await this.mails.send(em, user, 'email-changed', { newEmail });
    await recordAccountAction(em, { userId: user.id, action: 'email.changed' }, now);
  }

  private async requestConfirmation(
    em: EntityManager,
    user: User,
    purpose: 'email-change-old' | 'email-change-new',
    newEmail: string,
  ): Promise<void> {
    const token = await issueOneTimeToken(em, { purpose, userId: user.id }, this.clock.now());
    const email = purpose === 'email-change-old' ? user.email : newEmail;
    const { id, displayName, locale } = user;
    const to = { id, email, displayName, locale };
    if (token) await this.mails.send(em, to, purpose, { token, newEmail });
  }
}
