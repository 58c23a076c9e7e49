import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import {
  AuditLog,
  type AuditLogEntry,
  type AuditLogQuery,
  listAdminActions,
  toAuditLogEntry,
} from '@roost/audit';
import type { AuthUser, PageOf } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { Problem, SystemClock } from '@roost/platform';
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
}
