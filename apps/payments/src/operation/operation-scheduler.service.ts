import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { SystemClock, uuidv7 } from '@roost/platform';
import type { PaymentOperation } from './operation.entity.js';
import { abandonOperation, insertOperation } from './operation.queries.js';
import { OperationQueue } from './operation.queue.js';

/** The sweeper skips an operation this long after its creation, because its own job is on the way. */
const HEAD_START_MILLIS = 2_000;

export interface OperationRequest extends Pick<PaymentOperation, 'paymentId' | 'kind' | 'key'> {
  refundId?: string;
  paymentMethod?: string;
  returnUrl?: string | null;
  /** `false`: the caller runs the operation itself. */
  enqueue?: boolean;
}

/** Stores the calls to a provider in the transaction that decides them. */
@Injectable()
export class OperationScheduler {
  constructor(
    private readonly transactions: Transactions,
    private readonly queue: OperationQueue,
    private readonly clock: SystemClock,
  ) {}

  /** Returns the id of the new operation; null if an operation with this key exists. */
  async schedule(em: EntityManager, request: OperationRequest): Promise<string | null> {
    await em.flush();
    const now = this.clock.now();
    const id = uuidv7();
    const inserted = await insertOperation(em, {
      id,
      paymentId: request.paymentId,
      refundId: request.refundId ?? null,
      kind: request.kind,
      key: request.key,
      paymentMethod: request.paymentMethod ?? null,
      returnUrl: request.returnUrl ?? null,
      dueAt: new Date(now.getTime() + HEAD_START_MILLIS),
      createdAt: now,
    });
    if (!inserted) return null;
    if (request.enqueue ?? true) this.transactions.afterCommit(() => this.queue.enqueueOperation(id));
    return id;
  }

  /** Cancels an operation that no worker has started; false if it has started. */
  async abandon(em: EntityManager, paymentId: string, kind: PaymentOperation['kind']): Promise<boolean> {
    await em.flush();
    return abandonOperation(em, { paymentId, kind }, this.clock.now());
  }
}
