import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import {
  AuditLog,
  type AuditLogEntry,
  type AuditLogQuery,
  listAdminActions,
  toAuditLogEntry,
} from '@roost/audit';
import { type AuthUser, Idempotency, type PageOf } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { Problem, SystemClock } from '@roost/platform';
import type { AccountAction } from '../account/account-action.js';
import { recordAccountAction } from '../account/account-log.queries.js';
import { UserAccountService } from '../account/user-account.service.js';
import { User } from '../account/user.entity.js';
import { countSessions } from '../session/session.queries.js';
import { SessionService } from '../session/session.service.js';
import {
  type AdminUserDetails,
  type AdminUsersQuery,
  type AdminUserView,
  toAdminUserView,
} from './user-admin.dto.js';
import { findSuspensions, listUsers } from './user-admin.queries.js';

const MAX_SUSPENSIONS = 100;

/** Accounts with their personal data, for administrators. */
@Injectable()
export class UserAdminService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly accounts: UserAccountService,
    private readonly sessions: SessionService,
    private readonly log: AuditLog,
    private readonly clock: SystemClock,
  ) {}

  async list(admin: AuthUser, query: AdminUsersQuery): Promise<PageOf<AdminUserView>> {
    await this.sessions.requireUser(admin);
    const { data, nextCursor } = await listUsers(this.em.fork(), query);
    return { data: data.map(toAdminUserView), nextCursor };
  }

  async auditLog(admin: AuthUser, query: AuditLogQuery): Promise<PageOf<AuditLogEntry>> {
    await this.sessions.requireUser(admin);
    return listAdminActions(this.em.fork(), query, toAuditLogEntry);
  }

  /** Reads an account, also an erased one, and records that the administrator has read it. */
  find(admin: AuthUser, id: string): Promise<AdminUserDetails> {
    return this.transactions.run(async (em) => {
      await this.sessions.requireUser(admin, em);
      const user = await em.findOne(User, id);
      if (!user) throw new Problem('user.not_found');
      await this.log.record(em, {
        actor: admin,
        action: 'user.read',
        subject: { type: 'user', id },
      });
      return {
        ...toAdminUserView(user),
        bio: user.bio,
        activeSessions: await countSessions(em, user, this.clock.now()),
        suspensions: await findSuspensions(em, id, MAX_SUSPENSIONS),
      };
    });
  }

  suspend(admin: AuthUser, id: string, reason?: string): Promise<void> {
    if (admin.id === id) throw new Problem('auth.forbidden', 'You cannot suspend your own account');
    return this.idempotency.runOnce(async (em) => {
      const user = await this.findForAdmin(em, admin, id);
      if (user.status === 'suspended') throw new Problem('user.status_unchanged');
      user.status = 'suspended';
      await this.sessions.endAll(em, user, 'suspended');
      await this.accounts.publish(em, 'user.suspended', user);
      await this.record(em, 'account.suspended', user);
      await this.log.record(em, {
        ...{ actor: admin, action: 'user.suspend', reason },
        subject: { type: 'user', id },
      });
    });
  }

  reinstate(admin: AuthUser, id: string, reason?: string): Promise<void> {
    return this.idempotency.runOnce(async (em) => {
      const user = await this.findForAdmin(em, admin, id);
      if (user.status === 'active') throw new Problem('user.status_unchanged');
      user.status = 'active';
      await this.accounts.publish(em, 'user.reinstated', user);
      await this.record(em, 'account.reinstated', user);
      await this.log.record(em, {
        ...{ actor: admin, action: 'user.reinstate', reason },
        subject: { type: 'user', id },
      });
    });
  }

  /** For the user, who reads neither the reason nor the name of the administrator. */
  private record(em: EntityManager, action: AccountAction, { id: userId }: User): Promise<void> {
    return recordAccountAction(em, { userId, action, actor: 'administrator' }, this.clock.now());
  }

  /** Returns a user that is not erased, if the administrator's session is active. */
  private async findForAdmin(em: EntityManager, admin: AuthUser, id: string): Promise<User> {
    await this.sessions.requireUser(admin, em);
    const user = await em.findOne(User, { id, status: { $ne: 'erased' } });
    if (!user) throw new Problem('user.not_found');
    return user;
  }
}
