import type { EntityManager } from '@mikro-orm/postgresql';
import type { Transactions } from '@roost/messaging';
import { runWithoutRequestContext, type SystemClock } from '@roost/platform';
import {
  type ClaimedMessage,
  claimDueMessage,
  finishMessage,
  type MessageTable,
  recordFailure,
} from './delivery.queries.js';

const BATCH = 100;

export type DeliveryOutcome = 'sent' | 'failed' | 'given_up';

/** How the messages of one kind are stored and sent. */
export interface DeliveryChannel<M extends ClaimedMessage> {
  table: MessageTable;
  /** Longer than an attempt can take, so that two replicas never send the same message. Doubled after each failure. */
  firstPauseSeconds: number;
  /** Messages at the same time. */
  lanes: number;
  /** Throws if the message was not accepted. */
  send(message: M): Promise<void>;
  isLastAttempt(message: M): boolean;
  /** Whether a message that was given up keeps its texts, so that an administrator can send it again. */
  keepsTexts(message: M): boolean;
  /** `error` is null for a sent message. */
  report(outcome: DeliveryOutcome, message: M, error: unknown): void;
}

/** Sends stored messages, as many at the same time as there are lanes. A failed one is retried until its last attempt. */
export class DeliveryQueue<M extends ClaimedMessage> {
  #sending: Promise<void> | null = null;
  #again = false;

  constructor(
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
    private readonly channel: DeliveryChannel<M>,
  ) {}

  /** The run in progress. */
  get running(): Promise<void> | null {
    return this.#sending;
  }

  /** Sends the messages that are due at the time of the call. Concurrent calls share one run. */
  sendDue(): Promise<void> {
    this.#again = true;
    this.#sending ??= this.sendBatches();
    return this.#sending;
  }

  /** Starts after the surrounding transaction. The sweeper retries a failed delivery, so the caller does not see the error. */
  sendAfterCommit(): void {
    this.transactions.afterCommit(() => {
      void runWithoutRequestContext(() => this.sendDue()).catch(() => undefined);
    });
  }

  private async sendBatches(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        await this.sendBatch();
      }
    } finally {
      // Synchronous with the last check of `#again`: a later call starts a new run.
      this.#sending = null;
    }
  }

  private async sendBatch(): Promise<void> {
    const { table, firstPauseSeconds, lanes } = this.channel;
    let left = BATCH;
    const sendLane = async (): Promise<void> => {
      for (; left > 0; left -= 1) {
        const message = await this.inTransaction((em) =>
          claimDueMessage<M>(em, table, this.clock.now(), firstPauseSeconds),
        );
        if (!message) return;
        await this.attempt(message);
      }
    };
    // A failure does not end the run before the other lanes have finished.
    const ended = await Promise.allSettled(Array.from({ length: lanes }, sendLane));
    for (const lane of ended) if (lane.status === 'rejected') throw lane.reason;
  }

  private async attempt(message: M): Promise<void> {
    try {
      await this.channel.send(message);
      await this.finish(message, 'sent_at');
      this.channel.report('sent', message, null);
    } catch (error) {
      const isLast = this.channel.isLastAttempt(message);
      await this.inTransaction((em) => recordFailure(em, this.channel.table, message.id, reasonOf(error)));
      if (isLast) await this.finish(message, 'given_up_at');
      this.channel.report(isLast ? 'given_up' : 'failed', message, error);
    }
  }

  private finish(message: M, column: 'sent_at' | 'given_up_at'): Promise<void> {
    const keepsTexts = column === 'given_up_at' && this.channel.keepsTexts(message);
    return this.inTransaction((em) =>
      finishMessage(em, this.channel.table, message.id, { column, now: this.clock.now(), keepsTexts }),
    );
  }

  private inTransaction<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    return this.transactions.run(work, { isolation: 'read committed' });
  }
}

/** Codes only: the message of an error can contain the address or the number. */
function reasonOf(error: unknown): string {
  const { code, responseCode, name } = error as { code?: unknown; responseCode?: unknown; name?: unknown };
  const codes = [code, responseCode].filter((part) => ['string', 'number'].includes(typeof part));
  return codes.length > 0 ? codes.join(' ') : String(name ?? 'unknown');
}
