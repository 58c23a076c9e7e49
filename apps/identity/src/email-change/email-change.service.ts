import { UniqueConstraintViolationException } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { RetryTransaction, Transactions } from '@roost/messaging';
import type { AuthUser } from '@roost/http';
import { invalidField, Problem, SystemClock } from '@roost/platform';
import { inEvenTime } from '../even-time.js';
import { Mails } from '../mail/mail.service.js';
import {
  issueOneTimeToken,
  type Purpose,
  takeOneTimeToken,
  voidOneTimeTokens,
} from '../one-time-token/one-time-token.queries.js';
import { Sessions } from '../session/session.service.js';
import { User } from '../user/user.entity.js';
import { UserStore } from '../user/user.store.js';
import { EmailChange } from './email-change.entity.js';

const ENDS: Purpose[] = ['email-change-old', 'email-change-new'];

@Injectable()
export class EmailChanges {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
    private readonly users: UserStore,
    private readonly mails: Mails,
    private readonly clock: SystemClock,
  ) {}

  /** Asks both mailboxes. Whether the new address is free, only its mailbox learns. */
  async begin(auth: AuthUser, newEmail: string): Promise<void> {
    const owner = await this.sessions.ownerOf(auth);
    if (owner.email === newEmail) throw invalidField('/email', 'Is your address already');
    await inEvenTime(() =>
      this.transactions.run(async (em) => {
        const user = await this.sessions.ownerOf(auth, em);
        const now = this.clock.now();
        await voidOneTimeTokens(em, user.id, ENDS, now);
        // An address that was never verified has nothing to say about it.
        const oldConfirmedAt = user.emailVerifiedAt === null ? now : null;
        await em.execute(
          `INSERT INTO email_change (user_id, new_email, created_at, old_confirmed_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (user_id) DO UPDATE SET new_email = excluded.new_email, created_at = excluded.created_at,
              old_confirmed_at = excluded.old_confirmed_at, new_confirmed_at = NULL`,
          [user.id, newEmail, now, oldConfirmedAt],
        );
        const atNew = { email: newEmail, displayName: user.displayName };
        if (oldConfirmedAt === null) await this.ask(em, user, 'email-change-old', user, newEmail);
        if (await em.findOne(User, { email: newEmail })) await this.mails.write(em, atNew, 'email-taken', {});
        else await this.ask(em, user, 'email-change-new', atNew, newEmail);
      }),
    );
  }

  /** The second confirmation, from whichever end, makes the change. */
  async confirm(token: string): Promise<void> {
    const done = await this.transactions.run(async (em) => {
      const now = this.clock.now();
      const { userId, purpose } = await takeOneTimeToken(em, ENDS, token, now);
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
    if (!done) throw new Problem('auth.link_invalid');
  }

  private async apply(em: EntityManager, user: User, newEmail: string, now: Date): Promise<void> {
    const before = { email: user.email, displayName: user.displayName };
    const unverified = user.emailVerifiedAt === null;
    user.email = newEmail;
    user.emailVerifiedAt ??= now;
    try {
      await em.flush();
    } catch (error) {
      if (error instanceof UniqueConstraintViolationException) throw new RetryTransaction('address taken');
      throw error;
    }
    // Those went to the old mailbox.
    await voidOneTimeTokens(em, user.id, ['reset-password', 'verify-email'], now);
    if (unverified) await this.users.announce(em, 'user.email-verified', user);
    await this.mails.write(em, before, 'email-changed', { newEmail });
    await this.mails.write(em, user, 'email-changed', { newEmail });
  }

  private async ask(
    em: EntityManager,
    user: User,
    purpose: 'email-change-old' | 'email-change-new',
    to: { email: string; displayName: string },
    newEmail: string,
  ): Promise<void> {
    const token = await issueOneTimeToken(em, { purpose, userId: user.id }, this.clock.now());
    if (token) await this.mails.write(em, to, purpose, { token, newEmail });
  }
}
