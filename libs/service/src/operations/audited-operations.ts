import { Injectable } from '@nestjs/common';
import { type AdminAction, insertAdminAction } from '@roost/audit';
import { type AuthUser, Idempotency } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { SystemClock } from '@roost/platform';

export type OperationAction =
  | 'dead_letter.discard'
  | 'dead_letter.read'
  | 'dead_letter.redrive'
  | 'job.discard'
  | 'job.retry'
  | 'outbox.discard'
  | 'outbox.resend';

export interface AuditedOperation extends AdminAction<OperationAction, 'event' | 'job' | 'service'> {
  actor: AuthUser;
}

/** Records the actions of administrators on events and jobs in the audit log of the service. */
@Injectable()
export class AuditedOperations {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
  ) {}

  /**
   * Runs `work` once per `Idempotency-Key`, in the transaction that records the action with the details that
   * `detailsOf` adds: the transactions of `work` join it.
   */
  run<T>(
    action: AuditedOperation,
    work: () => Promise<T>,
    detailsOf: (result: T) => Record<string, unknown> = () => ({}),
  ): Promise<T> {
    return this.idempotency.runOnce(
      async (em) => {
        const result = await work();
        const details = { ...action.details, ...detailsOf(result) };
        await insertAdminAction(em, { ...action, details }, this.clock.now());
        return result;
      },
      { isolation: 'read committed' },
    );
  }

  /**
   * Records an action whose effect is not in the database, before it is attempted: no effect is without its entry, but
   * the entry remains if the action fails.
   */
  attempt(action: AuditedOperation): Promise<void> {
    return this.transactions.run((em) => insertAdminAction(em, action, this.clock.now()), {
      isolation: 'read committed',
    });
  }
}
