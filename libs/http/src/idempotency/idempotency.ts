import { Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { type TransactionOptions, Transactions } from '@roost/messaging';
import { Problem } from '@roost/platform';
import { currentRequest } from '../context/request-context.js';
import { storeResponse } from './idempotency.queries.js';

/** Runs the use case of a POST once per `Idempotency-Key`. */
@Injectable()
export class Idempotency {
  constructor(private readonly transactions: Transactions) {}

  /**
   * Runs `work` in one transaction and stores its result there as the response to the key of this request. The result
   * must be the body that the controller sends, and it must not contain secrets.
   */
  runOnce<T>(work: (em: EntityManager) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.transactions.run(async (em) => {
      const body = await work(em);
      const context = currentRequest();
      const claim = context?.claim;
      if (!context || !claim) return body;
      const response = { status: context.reply.statusCode, body: JSON.stringify(body) ?? null };
      if (!(await storeResponse(em, claim, response))) throw new Problem('idempotency.in_progress');
      this.transactions.afterCommit(() => {
        claim.stored = true;
      });
      return body;
    }, options);
  }
}

/**
 * Encrypts the response that is stored for the `Idempotency-Key` of this request. For a POST whose response contains a
 * secret; not for responses that `Idempotency.answer` stores.
 */
export function encryptStoredResponse(): void {
  const claim = currentRequest()?.claim;
  if (claim) claim.encrypted = true;
}
