import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { type AuthUser, decodeCursor, Idempotency, page, type PageOf, Uuid } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { Clock, Problem } from '@roost/platform';
import { AuditLog } from '../audit/audit-log.service.js';
import { checkAgain } from './payout-booking.queries.js';
import { listPayouts, withLines } from './payout-list.queries.js';
import { PayoutMaker } from './payout-maker.service.js';
import { type AdminPayoutsQuery, type AdminPayoutView, toAdminPayoutView } from './payout.dto.js';
import { PayoutQueue } from './payout.queue.js';
import { findPayout, latestPayout, lockPayout, type Payout, retryNow } from './payout.queries.js';

/** The payouts of all hosts, for operators. */
@Injectable()
export class PayoutAdminService {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly idempotency: Idempotency,
    private readonly transactions: Transactions,
    private readonly maker: PayoutMaker,
    private readonly queue: PayoutQueue,
    private readonly auditLog: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Newest first. */
  async list(query: AdminPayoutsQuery): Promise<PageOf<AdminPayoutView>> {
    const { cursor, limit, ...filter } = query;
    const before = decodeCursor(cursor, Uuid);
    const payouts = await listPayouts(this.orm.em.fork(), { ...filter, before, limit: limit + 1 });
    return page(payouts.map(toAdminPayoutView), limit, ({ id }) => id);
  }

  /**
   * Ends the wait of a payout. The provider of one in transit is called at once. After a failed one, the next payout of
   * its host is made at once; it is computed anew, and has its own id.
   */
  retry(id: string, reason: string, admin: AuthUser): Promise<AdminPayoutView> {
    return this.idempotency.runOnce(async (em) => {
      const payout = await this.retryable(em, id);
      const now = this.clock.now();
      await retryNow(em, id, now);
      await this.auditLog.record(em, {
        ...{ actor: admin, action: 'payout.retry', paymentId: null, reason },
        subject: { type: 'payout', id },
        details: { status: payout.status, attempt: payout.attempt },
      });
      if (payout.status === 'failed') {
        await checkAgain(em, id, now);
        await this.maker.make(payout);
      } else {
        this.transactions.afterCommit(() => this.queue.enqueue(id));
      }
      return this.view(em, id);
    });
  }

  private async retryable(em: EntityManager, id: string): Promise<Payout> {
    const payout = await lockPayout(em, id);
    if (!payout) throw new Problem('payout.not_found');
    const latest = await latestPayout(em, payout);
    if (payout.status === 'paid' || latest?.id !== id) {
      throw new Problem('payout.wrong_state', undefined, { status: payout.status });
    }
    return payout;
  }

  private async view(em: EntityManager, id: string): Promise<AdminPayoutView> {
    const payout = await findPayout(em, id);
    const [view] = payout ? await withLines(em, [payout]) : [];
    if (!view) throw new Problem('payout.not_found');
    return toAdminPayoutView(view);
  }
}
