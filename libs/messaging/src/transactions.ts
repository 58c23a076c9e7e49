import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransactionContext } from '@mikro-orm/core';
import { MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Tracing } from '@roost/tracing';
import { DatabaseTransaction, type IsolationLevel } from './database-transaction.js';
import { isLostRace } from './errors.js';
import { CreateSpans } from './event-spans.js';
import { faultPoint } from './fault-point.js';
import { MessagingLog } from './messaging-log.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';

const MAX_TRIES = 10;
const DATABASE = { 'db.system.name': 'postgresql' };

/** One try of one transaction. */
interface TransactionTry {
  readonly em: EntityManager;
  open: boolean;
  published: boolean;
  /** Of the event that is being handled. */
  traceparent: string | undefined;
  readonly createSpans: CreateSpans;
  readonly afterCommit: (() => void)[];
}

export interface TransactionOptions {
  /** `read committed` only if the transaction writes no value that depends on a row that others may change. */
  isolation?: IsolationLevel;
}

/**
 * Runs transactions that publish events.
 *
 * REPEATABLE READ, because the relay orders events by transaction id, which PostgreSQL assigns at the first write: a
 * writer whose snapshot is older than another's commit must not write a newer version. Such a writer fails, and its whole
 * transaction is retried.
 */
@Injectable()
export class Transactions {
  readonly #ambient = new AsyncLocalStorage<TransactionTry>();
  readonly #publishedListeners = new Set<() => void>();
  readonly #tracing: Tracing;

  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    @Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions,
    private readonly log: MessagingLog,
  ) {
    this.#tracing = options.tracing ?? Tracing.off;
  }

  /**
   * Runs `work` in one transaction, and again (≤ 10 tries) after a serialization failure or a deadlock: `work` must have
   * no effect outside the database. Inside another `run` or an event handler it joins that transaction. Wakes the relay
   * after the commit.
   */
  async run<T>(work: (em: EntityManager) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const ambient = this.#ambient.getStore();
    if (ambient?.open) {
      const result = await work(ambient.em);
      await ambient.em.flush();
      return result;
    }
    return this.begin(work, options);
  }

  /**
   * Runs `work` in one transaction after the other until it changes fewer than `batch` rows; `work` returns how many. In READ
   * COMMITTED: a lock that it gets has to see the changes up to that moment.
   */
  async repeat(batch: number, work: (em: EntityManager) => Promise<number>): Promise<void> {
    while ((await this.run(work, { isolation: 'read committed' })) === batch);
  }

  /** As `run`, but always in a new transaction. */
  async begin<T>(work: (em: EntityManager) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.#tracing.runIfTraced('transaction', { attributes: DATABASE }, async (span) => {
      for (let tries = 1; ; tries += 1) {
        if (tries > 1) span.setAttribute('roost.tries', tries);
        try {
          return await this.#tryOnce(work, options);
        } catch (error) {
          if (!isLostRace(error) || tries === MAX_TRIES) throw error;
          await sleep(Math.random() * Math.min(100, 2 ** tries));
        }
      }
    });
  }

  /**
   * Calls `fn` after the surrounding transaction has committed, and never if it rolls back. An error in `fn` is logged.
   * A crash loses the call, so nothing may depend on it: use it to start early what a sweeper would do later.
   */
  afterCommit(fn: () => void): void {
    const current = this.#ambient.getStore();
    if (!current?.open) throw new Error('afterCommit must be called inside Transactions.run');
    current.afterCommit.push(fn);
  }

  /** Adds the events that this transaction publishes to the trace of the event that it handles. */
  continueTrace(traceparent: string | null): void {
    const current = this.#ambient.getStore();
    if (current) current.traceparent = traceparent ?? undefined;
  }

  /**
   * Records that this transaction publishes `count` events like this one, so that the relay is woken and `onCommitted` is
   * called after the commit. Returns the traceparent of the events. Call it without an event for a row that is no event of a contract (a notice).
   */
  registerPublication(
    event?: { type: string; topic: string; key: string },
    count = 1,
    onCommitted?: () => void,
  ): string | undefined {
    const current = this.#ambient.getStore();
    if (current) {
      current.published = true;
      if (onCommitted) current.afterCommit.push(onCommitted);
    }
    const created = event && current?.createSpans.start(event, count);
    return created ?? this.options.context?.traceparent() ?? current?.traceparent;
  }

  /** Calls `fn` after each commit that published an event. Returns a function that unsubscribes. */
  onPublished(fn: () => void): () => void {
    this.#publishedListeners.add(fn);
    return () => this.#publishedListeners.delete(fn);
  }

  /**
   * Not `em.transactional`: MikroORM holds the connection by Kysely's controlled transactions, which never release it
   * when BEGIN or ROLLBACK fails. A restart of the database would empty the pool permanently. See ADR 15.
   */
  async #tryOnce<T>(work: (em: EntityManager) => Promise<T>, options: TransactionOptions): Promise<T> {
    const { service } = this.options;
    const em = this.orm.em.fork({ disableContextResolution: true });
    const createSpans = new CreateSpans(this.#tracing);
    const current: TransactionTry = {
      em,
      open: true,
      published: false,
      traceparent: undefined,
      createSpans,
      afterCommit: [],
    };
    const pool = await em.getConnection().getNativeClient();
    const result = await DatabaseTransaction.run(
      pool,
      options.isolation ?? 'repeatable read',
      (transaction) =>
        TransactionContext.create(em, async () => {
          em.setTransactionContext(transaction);
          try {
            const value = await this.#ambient.run(current, () => work(em));
            await em.flush();
            await faultPoint(`${service}.before-commit`);
            return value;
          } finally {
            current.open = false;
          }
        }),
    ).catch((error: unknown): never => {
      createSpans.rolledBack(error);
      throw error;
    });
    createSpans.committed();
    // The entities that `work` loaded stay usable.
    em.resetTransactionContext();
    await faultPoint(`${service}.after-commit`);
    if (current.published) {
      for (const notify of this.#publishedListeners) notify();
    }
    for (const fn of current.afterCommit) {
      try {
        fn();
      } catch (error) {
        this.log.afterCommitFailed(error);
      }
    }
    return result;
  }
}
