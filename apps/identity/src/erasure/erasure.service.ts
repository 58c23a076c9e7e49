import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { AccountEraser } from '@roost/accounts';
import type { AuthUser } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { Problem, uuidv7 } from '@roost/platform';
import { UserAccountService } from '../account/user-account.service.js';
import { User } from '../account/user.entity.js';
import { LoginAttemptService } from '../credential/login-attempt.service.js';
import { deleteMailsTo } from '../mail/mail.queries.js';
import { SessionService } from '../session/session.service.js';
import { ErasureProgressService } from './erasure-progress.service.js';
import { ObligationsService } from './obligations.service.js';

/** Erases accounts here at once, and has the other services erase them. */
@Injectable()
export class ErasureService {
  constructor(
    private readonly transactions: Transactions,
    private readonly accounts: UserAccountService,
    private readonly sessions: SessionService,
    private readonly attempts: LoginAttemptService,
    private readonly obligations: ObligationsService,
    private readonly progress: ErasureProgressService,
    private readonly eraser: AccountEraser,
  ) {}

  /** Throws 409 `user.has_obligations` while others depend on the account. */
  async request(auth: AuthUser): Promise<void> {
    await this.transactions.run(async (em) => {
      await this.erase(em, await this.sessions.requireUser(auth, em));
    });
  }

  /** The same for an account that is not erased, in the transaction of the caller. */
  async erase(em: EntityManager, user: User): Promise<void> {
    const obligations = await this.obligations.of(em, user);
    if (obligations.length > 0) throw new Problem('user.has_obligations', undefined, { obligations });
    await this.eraseAccount(em, user);
    const request = { userId: user.id, requestId: uuidv7() };
    await this.progress.start(em, request);
    await this.eraser.eraseAfterCommit(em, request);
  }

  /** The address becomes free for another registration. The new one receives no mail (RFC 2606) and can't be guessed. */
  private async eraseAccount(em: EntityManager, user: User): Promise<void> {
    await deleteMailsTo(em, user.email);
    await this.attempts.resetAccount(user.email);
    await this.sessions.endAll(em, user, 'revoked');
    Object.assign(user, {
      ...{ email: `${randomUUID()}@erased.invalid`, displayName: '', locale: 'en', roles: ['guest'] },
      ...{ bio: '', publicBio: '', languages: [], avatarId: null, phone: null },
      ...{ status: 'erased', emailVerifiedAt: null, passwordHash: null, mfaEnabled: false, mfaExempt: false },
    } satisfies Partial<User>);
    await this.accounts.publishErased(em, user);
    await this.eraser.eraseIn(em, user.id);
  }
}
