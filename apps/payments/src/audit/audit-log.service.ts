import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { currentRequest } from '@roost/http';
import { SystemClock, uuidv7 } from '@roost/platform';
import type { AdminActionName } from './audit-log.dto.js';
import { insertAdminAction } from './audit-log.queries.js';

/** The administrator of a request; `command line` for an operator's command. */
export type Actor = { id: string } | 'command line';

export interface AuditedAction {
  actor: Actor;
  action: AdminActionName;
  subject: { type: 'payment' | 'refund' | 'operation' | 'webhook' | 'payout'; id: string };
  paymentId: string | null;
  reason: string;
  details?: Record<string, unknown>;
}

/** Records what administrators change. */
@Injectable()
export class AuditLog {
  constructor(private readonly clock: SystemClock) {}

  /** Call it in the transaction of the change. */
  async record(em: EntityManager, { actor, action, subject, ...rest }: AuditedAction): Promise<void> {
    await insertAdminAction(em, {
      id: uuidv7(),
      at: this.clock.now(),
      adminId: actor === 'command line' ? null : actor.id,
      action,
      subjectType: subject.type,
      subjectId: subject.id,
      paymentId: rest.paymentId,
      reason: rest.reason,
      requestId: currentRequest()?.requestId ?? null,
      details: rest.details ?? {},
    });
  }
}
