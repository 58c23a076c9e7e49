import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type EventBody, LOCALES, type UserEvent } from '@roost/contracts';
import { Outbox } from '@roost/messaging';
import { SystemClock, uuidv7 } from '@roost/platform';
import { recordAccountAction } from './account-log.queries.js';
import type { AccountActor } from './account-action.js';
import { type Role, User } from './user.entity.js';
import { insertUser } from './user.queries.js';

export interface NewUser {
  email: string;
  displayName: string;
  /** The default locale of mails if absent. */
  locale?: string;
  /** Null for a user who logs in with an account of a provider. */
  passwordHash: string | null;
  /** In addition to `guest`, which every user has. */
  roles?: Role[];
  emailVerified?: boolean;
  mfaExempt?: boolean;
  /** Who created the account, for its log; the user by default. */
  actor?: AccountActor;
}

/** Creates users and publishes their state: each event carries the user's version. */
@Injectable()
export class UserAccountService {
  constructor(
    private readonly outbox: Outbox,
    private readonly clock: SystemClock,
  ) {}

  /** Returns null if the mail address has an account, also one that is being created concurrently. */
  async create(em: EntityManager, input: NewUser): Promise<User | null> {
    const createdAt = this.clock.now();
    const id = uuidv7();
    const inserted = await insertUser(em, {
      id,
      email: input.email,
      displayName: input.displayName,
      locale: input.locale ?? LOCALES[0],
      passwordHash: input.passwordHash,
      roles: ['guest', ...(input.roles ?? []).filter((role) => role !== 'guest')],
      emailVerifiedAt: input.emailVerified ? createdAt : null,
      mfaExempt: input.mfaExempt ?? false,
      createdAt,
    });
    if (!inserted) return null;
    const user = await em.findOneOrFail(User, { id });
    await this.publish(em, 'user.registered', user);
    const { actor = 'user' } = input;
    await recordAccountAction(em, { userId: id, action: 'account.registered', actor }, createdAt);
    return user;
  }

  /** Flushes pending changes and publishes the current state of the user. */
  async publish(em: EntityManager, type: UserEvent, user: User): Promise<void> {
    await em.flush();
    await this.outbox.add(em, type, snapshotOf(user), { version: user.version });
  }

  /** As `publish`. `completed`: all services have erased the user, and this is their last event. */
  async publishErased(em: EntityManager, user: User, last: { completed?: true } = {}): Promise<void> {
    await em.flush();
    await this.outbox.add(em, 'user.erased', { ...snapshotOf(user), ...last }, { version: user.version });
  }
}

const snapshotOf = (user: User): EventBody<UserEvent> => ({
  userId: user.id,
  displayName: user.displayName,
  locale: user.locale,
  roles: user.roles,
  emailVerified: user.emailVerifiedAt !== null,
  status: user.status,
});
