import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type AdminAction, insertAdminAction } from '@roost/audit';
import { SystemClock } from '@roost/platform';
import type { AdminActionName } from './audit-log.dto.js';

type Subject = 'payment' | 'refund' | 'operation' | 'webhook' | 'payout' | 'transfer' | 'reconciliation';

export interface AuditedAction extends AdminAction<AdminActionName, Subject> {
  paymentId: string | null;
  /** Undefined if the route accepts none. */
  reason: string | undefined;
}

/** Records what administrators change, with the payment that it concerns. */
@Injectable()
export class AuditLog {
  constructor(private readonly clock: SystemClock) {}

  /** Call it in the transaction of the change. */
  record(em: EntityManager, { paymentId, ...action }: AuditedAction): Promise<void> {
    return insertAdminAction(em, action, this.clock.now(), { payment_id: paymentId });
  }
}
