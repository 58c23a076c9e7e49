import { isDeepStrictEqual } from 'node:util';
import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { maskContacts } from '@roost/contacts';
import { Transactions } from '@roost/messaging';
import { type AuthUser, etagOf, Idempotency, requireMatch } from '@roost/http';
import { Problem, SystemClock } from '@roost/platform';
import { recordAccountAction } from '../account/account-log.queries.js';
import { SessionService } from '../session/session.service.js';
import type { Me, UpdateMe } from './user.dto.js';
import { UserViewService } from './user-view.service.js';
import { User } from '../account/user.entity.js';
import { UserAccountService } from '../account/user-account.service.js';

@Injectable()
export class UserService {
  constructor(
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly accounts: UserAccountService,
    private readonly sessions: SessionService,
    private readonly views: UserViewService,
    private readonly clock: SystemClock,
    private readonly em: EntityManager,
  ) {}

  /** Returns an active user for their public profile. Throws 404 `user.not_found` for a suspended or erased one. */
  async profile(id: string): Promise<User> {
    const user = await this.em.findOne(User, { id, status: 'active' });
    if (!user) throw new Problem('user.not_found');
    return user;
  }

  profiles(ids: readonly string[]): Promise<User[]> {
    return this.em.find(User, { id: { $in: [...ids] }, status: 'active' });
  }

  update(auth: AuthUser, change: UpdateMe): Promise<User> {
    return this.transactions.run(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      requireMatch(etagOfUser(user));
      const fields = changedFields(user, change);
      if (fields.length === 0) return user;
      user.displayName = change.displayName ?? user.displayName;
      user.locale = change.locale ?? user.locale;
      user.bio = change.bio ?? user.bio;
      if (change.bio !== undefined) user.publicBio = maskContacts(change.bio).text;
      user.languages = change.languages ?? user.languages;
      // No other service needs the other fields.
      if (fields.includes('displayName') || fields.includes('locale'))
        await this.accounts.publish(em, 'user.profile-changed', user);
      else await em.flush();
      const recorded = { userId: user.id, action: 'profile.changed', details: { fields } } as const;
      await recordAccountAction(em, recorded, this.clock.now());
      return user;
    });
  }

  becomeHost(auth: AuthUser): Promise<Me> {
    return this.idempotency.runOnce(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      if (!user.roles.includes('host')) {
        user.roles = [...user.roles, 'host'];
        await this.accounts.publish(em, 'user.became-host', user);
        await recordAccountAction(em, { userId: user.id, action: 'account.became-host' }, this.clock.now());
      }
      return this.views.me(user);
    });
  }
}

const changedFields = (user: User, change: UpdateMe): (keyof UpdateMe)[] =>
  (Object.keys(change) as (keyof UpdateMe)[]).filter(
    (field) => change[field] !== undefined && !isDeepStrictEqual(change[field], user[field]),
  );

export const etagOfUser = (user: User) => etagOf(user.version, user.id);
