import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { SystemClock, uuidv7 } from '@roost/platform';
import { OperationQueue } from './operation.queue.js';
import type { PaymentOperation } from './operation.entity.js';

/** The sweeper leaves a fresh operation to the job that was woken for it. */
const HEAD_START_MILLIS = 2_000;

/** Writes down what is to be asked of a provider, in the transaction that decides it. */
@Injectable()
export class OperationPlan {
  constructor(
    private readonly transactions: Transactions,
    private readonly queue: OperationQueue,
    private readonly clock: SystemClock,
  ) {}

  /** The same key planned twice is one operation. Gives its id only to the one who planned it. */
  async add(
    em: EntityManager,
    wanted: Pick<PaymentOperation, 'paymentId' | 'kind' | 'key'> & {
      refundId?: string;
      paymentMethod?: string;
    },
    options: { wake: boolean } = { wake: true },
  ): Promise<string | null> {
    await em.flush();
    const now = this.clock.now();
    const rows = await em.execute<{ id: string }[]>(
      `INSERT INTO payment_operation (id, payment_id, refund_id, kind, key, payment_method, status, due_at, created_at)
       VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, ?) ON CONFLICT (key) DO NOTHING RETURNING id`,
      [
        uuidv7(),
        wanted.paymentId,
        wanted.refundId ?? null,
        wanted.kind,
        wanted.key,
        wanted.paymentMethod ?? null,
        new Date(now.getTime() + HEAD_START_MILLIS),
        now,
      ],
    );
    const id = rows[0]?.id ?? null;
    if (id !== null && options.wake) this.transactions.afterCommit(() => this.queue.wake(id));
    return id;
  }

  /** Takes back what nobody has begun; false when it is too late for that. */
  async abandon(em: EntityManager, paymentId: string, kind: PaymentOperation['kind']): Promise<boolean> {
    await em.flush();
    const rows = await em.execute<{ id: string }[]>(
      `UPDATE payment_operation SET status = 'failed', failure_code = 'abandoned', finished_at = ?
       WHERE payment_id = ? AND kind = ? AND status = 'pending' AND tries = 0 RETURNING id`,
      [this.clock.now(), paymentId, kind],
    );
    return rows.length > 0;
  }
}
