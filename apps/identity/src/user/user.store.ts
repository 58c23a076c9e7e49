import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { Outbox } from '@roost/messaging';
import { SystemClock, uuidv7 } from '@roost/platform';
import { type Role, User } from './user.entity.js';

type UserEvent =
  | 'user.registered'
  | 'user.email-verified'
  | 'user.became-host'
  | 'user.profile-changed'
  | 'user.suspended'
  | 'user.reinstated';

export interface NewUser {
  email: string;
  displayName: string;
  passwordHash: string;
  roles?: Role[];
  emailVerified?: boolean;
  mfaExempt?: boolean;
}

/** Writes users and tells the other services: every change of what they know goes out with its version. */
@Injectable()
export class UserStore {
  constructor(
    private readonly outbox: Outbox,
    private readonly clock: SystemClock,
  ) {}

  /** Null when the address has an account, also when that account is being made at this moment. */
  async create(em: EntityManager, input: NewUser): Promise<User | null> {
    const now = this.clock.now();
    const id = uuidv7();
    const rows = await em.execute<unknown[]>(
      `INSERT INTO user_account (id, version, email, display_name, locale, roles, status, email_verified_at,
          password_hash, mfa_exempt, created_at)
        VALUES (?, 1, ?, ?, 'en', ?::text[], 'active', ?, ?, ?, ?)
        ON CONFLICT (email) DO NOTHING RETURNING id`,
      [
        id,
        input.email,
        input.displayName,
        `{${['guest', ...(input.roles ?? []).filter((role) => role !== 'guest')].join(',')}}`,
        input.emailVerified ? now : null,
        input.passwordHash,
        input.mfaExempt ?? false,
        now,
      ],
    );
    if (rows.length === 0) return null;
    const user = await em.findOneOrFail(User, { id });
    await this.announce(em, 'user.registered', user);
    return user;
  }

  /** Publishes the user as they are now. */
  async announce(em: EntityManager, type: UserEvent, user: User): Promise<void> {
    await em.flush();
    const snapshot: EventBody<UserEvent> = {
      userId: user.id,
      displayName: user.displayName,
      locale: user.locale,
      roles: user.roles,
      emailVerified: user.emailVerifiedAt !== null,
      status: user.status,
    };
    await this.outbox.add(em, type, snapshot, { version: user.version });
  }
}
