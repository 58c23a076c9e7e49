import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { TransactionContext } from '@mikro-orm/core';
import { MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Tracing } from '@roost/tracing';
import { DatabaseTransaction, type IsolationLevel } from './database-transaction.js';
import { isLostRace } from './errors.js';
import { AnnouncedEvents } from './event-spans.js';
import { faultPoint } from './fault-point.js';
import { MessagingLog } from './messaging-log.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';

const MAX_TRIES = 10;
const DATABASE = { 'db.system.name': 'postgresql' };

/** One try of one transaction. */
interface Unit {
  readonly em: EntityManager;
  open: boolean;
  published: boolean;
  traceparent: string | undefined;
  readonly announced: AnnouncedEvents;
  readonly afterCommit: (() => void)[];
}

export interface TransactionOptions {
  /** `read committed` only where nothing that others may have changed is read and then written. */
  isolation?: IsolationLevel;
}

/**
 * The transaction that carries events.
 *
 * REPEATABLE READ, because the relay orders events by transaction id, which is taken at the first write: a writer whose
 * snapshot is older than another's commit must not write a newer version. Such a writer fails and is run again whole.
 */
@Injectable()
export class Transactions {
  readonly #ambient = new AsyncLocalStorage<Unit>();
  readonly #published = new Set<() => void>();
  readonly #tracing: Tracing;

  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    @Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions,
    private readonly log: MessagingLog,
  ) {
    this.#tracing = options.tracing ?? Tracing.off;
  }

  /**
   * Runs `work` in one transaction, and again (≤ 10 times) when it lost a race: it must have no effect outside the database.
   * Inside another `run` or an event handler it joins that transaction. The relay is woken after the commit.
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

  /** A transaction of its own, whatever surrounds it. */
  async begin<T>(work: (em: EntityManager) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.#tracing.inside('transaction', { attributes: DATABASE }, async (span) => {
      for (let tries = 1; ; tries += 1) {
        if (tries > 1) span.setAttribute('roost.tries', tries);
        try {
          return await this.#once(work, options);
        } catch (error) {
          if (!isLostRace(error) || tries === MAX_TRIES) throw error;
          await wait(Math.random() * Math.min(100, 2 ** tries));
        }
      }
    });
  }

  /**
   * `fn` is called once the surrounding transaction has committed, and never if it rolls back. What it throws is logged:
   * the work is done. It is lost in a crash, so it may only speed things up.
   */
  afterCommit(fn: () => void): void {
    const unit = this.#ambient.getStore();
    if (!unit?.open) throw new Error('afterCommit is called inside Transactions.run');
    unit.afterCommit.push(fn);
  }

  /** What this transaction publishes belongs to the trace of the event that caused it. */
  follow(traceparent: string | null): void {
    const unit = this.#ambient.getStore();
    if (unit) unit.traceparent = traceparent ?? undefined;
  }

  /**
   * The outbox says that this transaction has something for the relay: so many of this event. Gives back the trace they
   * belong to; what is nobody's event (a notice) belongs to none.
   */
  publishing(event?: { type: string; topic: string; key: string }, count = 1): string | undefined {
    const unit = this.#ambient.getStore();
    if (unit) unit.published = true;
    const announced = event && unit?.announced.add(event, count);
    return announced ?? this.options.context?.traceparent() ?? unit?.traceparent;
  }

  /** Calls `fn` after each commit that published something; gives back how to stop that. */
  onPublished(fn: () => void): () => void {
    this.#published.add(fn);
    return () => this.#published.delete(fn);
  }

  /**
   * Not `em.transactional`: MikroORM holds the connection by Kysely's controlled transactions, which never give it back
   * when BEGIN or ROLLBACK fails. A restart of the database would drain the pool for good. ADR 15 has the rest.
   */
  async #once<T>(work: (em: EntityManager) => Promise<T>, options: TransactionOptions): Promise<T> {
    const { service } = this.options;
    const em = this.orm.em.fork({ disableContextResolution: true });
    const announced = new AnnouncedEvents(this.#tracing);
    const unit: Unit = {
      em,
      open: true,
      published: false,
      traceparent: undefined,
      announced,
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
            const done = await this.#ambient.run(unit, () => work(em));
            await em.flush();
            await faultPoint(`${service}.before-commit`);
            return done;
          } finally {
            unit.open = false;
          }
        }),
    ).catch((error: unknown): never => {
      announced.rolledBack(error);
      throw error;
    });
    announced.committed();
    // What was read stays usable.
    em.resetTransactionContext();
    await faultPoint(`${service}.after-commit`);
    if (unit.published) {
      for (const wake of this.#published) wake();
    }
    for (const fn of unit.afterCommit) {
      try {
        fn();
      } catch (error) {
        this.log.afterCommitFailed(error);
      }
    }
    return result;
  }
}
