import { Injectable } from '@nestjs/common';
import { type AuthUser, Idempotency } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { Problem, SystemClock } from '@roost/platform';
import { recordAccountAction } from '../account/account-log.queries.js';
import { PasswordHashService } from '../credential/password-hash.service.js';
import { SessionService } from '../session/session.service.js';
import type { Me } from '../user/user.dto.js';
import { UserViewService } from '../user/user-view.service.js';
import { MAX_TRIES } from './domain/code-limits.js';
import { countTry, endPhoneCodes, isCurrentCode } from './phone-code.queries.js';

/** Verifies that a user has a mobile phone with a number. */
@Injectable()
export class PhoneService {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly transactions: Transactions,
    private readonly sessions: SessionService,
    private readonly hashes: PasswordHashService,
    private readonly views: UserViewService,
    private readonly clock: SystemClock,
  ) {}

  /** Stores the number if the code is that of its text message. */
  async verify(auth: AuthUser, code: string): Promise<Me> {
    const attempt = await this.transactions.run(
      async (em) => {
        const { id } = await this.sessions.requireUser(auth, em);
        return countTry(em, id, { now: this.clock.now(), maxTries: MAX_TRIES });
      },
      { isolation: 'read committed' },
    );
    const isRight = await this.hashes.verify(attempt?.codeHash ?? null, code);
    if (!attempt || !isRight) throw new Problem('phone.code_invalid');
    return this.idempotency.runOnce(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      if (!(await isCurrentCode(em, user.id, attempt.codeHash))) throw new Problem('phone.code_invalid');
      await endPhoneCodes(em, user.id);
      user.phone = attempt.phone;
      await em.flush();
      await recordAccountAction(em, { userId: user.id, action: 'phone.verified' }, this.clock.now());
      return this.views.me(user);
    });
  }

  remove(auth: AuthUser): Promise<Me> {
    return this.transactions.run(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      await endPhoneCodes(em, user.id);
      if (user.phone === null) return this.views.me(user);
      user.phone = null;
      await em.flush();
      await recordAccountAction(em, { userId: user.id, action: 'phone.removed' }, this.clock.now());
      return this.views.me(user);
    });
  }
}
