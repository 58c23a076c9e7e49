import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '@roost/audit';
import { type AuthUser, decodeCursor, Idempotency, page, type PageOf } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { Problem, SystemClock } from '@roost/platform';
import { listMessages, Position } from './message.queries.js';
import {
  type AdminThread,
  type AdminThreadDetails,
  type AdminThreadsQuery,
  type ReadThreadAsAdmin,
  toAdminMessage,
  toAdminThread,
} from './thread-admin.dto.js';
import {
  findModeration,
  findThreadForAdmin,
  listAllThreads,
  moderateMessage,
} from './thread-admin.queries.js';

/** The threads of all users, for administrators. */
@Injectable()
export class ThreadAdminService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly auditLog: AuditLog,
    private readonly clock: SystemClock,
  ) {}

  /** Without texts, so it is not recorded. */
  async list(query: AdminThreadsQuery): Promise<PageOf<AdminThread>> {
    const [before = null] = decodeCursor(query.cursor, Position) ?? [];
    const rows = await listAllThreads(this.em.fork(), { ...query, before });
    const { data, nextCursor } = page(rows, query.limit, ({ lastSeq }) => [Number(lastSeq)]);
    return { data: data.map(toAdminThread), nextCursor };
  }

  /** Records that the administrator has read the messages, in the transaction that reads them. */
  read(
    admin: AuthUser,
    id: string,
    { reason, limit, cursor }: ReadThreadAsAdmin,
  ): Promise<AdminThreadDetails> {
    const [before = null] = decodeCursor(cursor, Position) ?? [];
    return this.transactions.run(async (em) => {
      const thread = await findThreadForAdmin(em, id);
      if (!thread) throw new Problem('thread.not_found');
      await this.auditLog.record(em, {
        ...{ actor: admin, action: 'thread.read', reason },
        subject: { type: 'thread', id },
      });
      const rows = (await listMessages(em, [id], limit, before)).get(id) ?? [];
      const { data, nextCursor } = page(rows, limit, ({ seq }) => [Number(seq)]);
      return { ...toAdminThread(thread), messages: { data: data.map(toAdminMessage), nextCursor } };
    });
  }

  /** Guest and host then see the message without its text. */
  hide(admin: AuthUser, messageId: string, reason: string): Promise<void> {
    return this.moderate(admin, messageId, { action: 'message.hide', reason });
  }

  restore(admin: AuthUser, messageId: string, reason: string): Promise<void> {
    return this.moderate(admin, messageId, { action: 'message.restore', reason });
  }

  private moderate(
    admin: AuthUser,
    messageId: string,
    { action, reason }: { action: 'message.hide' | 'message.restore'; reason: string },
  ): Promise<void> {
    const hides = action === 'message.hide';
    return this.idempotency.runOnce(async (em) => {
      const message = await findModeration(em, messageId);
      if (!message) throw new Problem('message.not_found');
      if (message.moderated === hides)
        throw new Problem('message.wrong_state', `The message is ${hides ? 'already' : 'not'} hidden`);
      await moderateMessage(
        em,
        { messageId, threadId: message.threadId },
        hides ? { at: this.clock.now(), adminId: admin.id, reason } : null,
      );
      const subject = { type: 'message', id: messageId };
      const details = { threadId: message.threadId };
      await this.auditLog.record(em, { actor: admin, action, subject, reason, details });
    });
  }
}
