import { Injectable } from '@nestjs/common';
import { EntityManager } from '@mikro-orm/postgresql';
import { type TransactionOptions, Transactions } from '@roost/messaging';
import { Problem } from '@roost/platform';
import { currentRequest } from '../context/request-context.js';

/** Answers a POST once per `Idempotency-Key`. */
@Injectable()
export class Idempotency {
  constructor(private readonly transactions: Transactions) {}

  /**
   * Does the work in one transaction and stores what it returns there, as the answer to the key of this request.
   * What it returns must be the body that the controller sends.
   */
  answer<T>(work: (em: EntityManager) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.transactions.run(async (em) => {
      const body = await work(em);
      const context = currentRequest();
      const claim = context?.claim;
      if (!context || !claim) return body;
      const rows = await em.execute<{ key: string }[]>(
        `UPDATE idempotency_key SET status = ?, body = ?, lease = NULL, lease_until = NULL
          WHERE user_id = ? AND method = ? AND path = ? AND key = ? AND lease = ? RETURNING key`,
        [
          context.reply.statusCode,
          JSON.stringify(body) ?? null,
          claim.userId,
          claim.method,
          claim.path,
          claim.key,
          claim.lease,
        ],
      );
      if (rows.length === 0) throw new Problem('idempotency.in_progress');
      this.transactions.afterCommit(() => {
        claim.stored = true;
      });
      return body;
    }, options);
  }
}

/** For a POST whose answer carries a secret: what is kept of it for its `Idempotency-Key` is encrypted. Not for `Idempotency.answer`. */
export function sealAnswer(): void {
  const claim = currentRequest()?.claim;
  if (claim) claim.sealed = true;
}
