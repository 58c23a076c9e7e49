import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { isEventType, parseEvent } from '@roost/contracts';
import { startTimer } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import { type HandlingFailure, publishDeadLetterNotice } from './dead-letter-notice.js';
import {
  deleteDeadLetter,
  firstOfKey,
  insertDeadLetter,
  lockKey,
  recordRedriveFailure,
  type TopicKey,
} from './dead-letter.queries.js';
import { metaOf, type EventEnvelope, type EventMeta } from './envelope.js';
import { HandlerTimeout, MalformedEvent } from './errors.js';
import { traceProcessing } from './event-spans.js';
import { faultPoint } from './fault-point.js';
import { claimEvent, insertHandled, isHandled } from './inbox.queries.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import type { Outcome } from './outcome.js';
import { Transactions } from './transactions.js';

export type EventHandler = (body: unknown, meta: EventMeta) => Promise<void>;

/** Runs the handlers of one service: each event once, in one transaction with its inbox row. */
@Injectable()
export class EventConsumer {
  readonly #handlers = new Map<string, EventHandler[]>();
  readonly #timeoutSeconds: number;

  constructor(
    private readonly transactions: Transactions,
    @Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions,
  ) {
    this.#timeoutSeconds = options.handlerTimeoutSeconds ?? 30;
  }

  get types(): ReadonlySet<string> {
    return new Set(this.#handlers.keys());
  }

  /** Several handlers of one type run one after the other in one transaction. */
  register(type: string, handler: EventHandler): void {
    if (!isEventType(type)) throw new Error(`No contract describes the event type "${type}"`);
    this.#handlers.set(type, [...(this.#handlers.get(type) ?? []), handler]);
  }

  /** Tries once. Throws what the handler threw, after rolling back. */
  async handle(event: EventEnvelope): Promise<Outcome> {
    if (!this.#handlers.has(event.type)) return 'ignored';
    for (;;) {
      const outcome = await this.transactions.begin((em) =>
        this.#withDeadline(event, async () => {
          if (await claimEvent(em, event)) {
            await this.#runHandlers(em, event);
            return 'handled' as const;
          }
          return (await isHandled(em, event.id)) ? ('known' as const) : ('blocked' as const);
        }),
      );
      if (outcome !== 'blocked') {
        await faultPoint(`${this.options.service}.after-handler`);
        return outcome;
      }
      if (await this.#queueBehind(event)) return 'queued';
    }
  }

  /**
   * Handles an event in the transaction of `em`, for a rebuild. It does not check whether the event was handled before
   * or its key has dead letters, so no other process may handle events of this service at the same time.
   */
  async handleAnew(em: EntityManager, event: EventEnvelope): Promise<void> {
    if (!this.#handlers.has(event.type)) return;
    await insertHandled(em, event);
    await this.#runHandlers(em, event);
    em.clear();
  }

  /** Stores an event that has used all its tries as a dead letter; later events of its key are queued behind it. */
  async deadLetter(event: EventEnvelope, failure: HandlingFailure): Promise<void> {
    await this.transactions.begin(
      async (em) => {
        await lockKey(em, event);
        if (!(await insertDeadLetter(em, event, failure))) return;
        this.transactions.registerPublication();
        await publishDeadLetterNotice(em, this.options.service, event, failure);
      },
      { isolation: 'read committed' },
    );
  }

  /**
   * Handles the first dead letter of a key that is marked for redrive. Returns null if the key has none (any more).
   * Throws a RedriveFailure if its handler fails again.
   */
  async redriveNext(topicKey: TopicKey): Promise<EventEnvelope | null> {
    return this.transactions.begin(async (em) => {
      await lockKey(em, topicKey);
      const first = await firstOfKey(em, topicKey);
      if (!first?.redriveAt) return null;
      const isNew = await insertHandled(em, first);
      try {
        if (isNew) await this.#redrive(em, first);
      } catch (error) {
        throw new RedriveFailure(first, error);
      }
      await deleteDeadLetter(em, first.id);
      return first;
    });
  }

  /** Stores that a redrive failed again: the key stays blocked until the operator's next redrive. */
  async deadLetterAgain(event: EventEnvelope, failure: HandlingFailure): Promise<void> {
    await this.transactions.begin(
      async (em) => {
        await lockKey(em, event);
        await recordRedriveFailure(em, event, failure);
        this.transactions.registerPublication();
        await publishDeadLetterNotice(em, this.options.service, event, failure);
      },
      { isolation: 'read committed' },
    );
  }

  #redrive(em: EntityManager, event: EventEnvelope): Promise<void> {
    const { service, tracing = Tracing.off } = this.options;
    return traceProcessing({ tracing, service, event, attributes: { 'roost.redriven': true } }, () =>
      this.#withDeadline(event, () => this.#runHandlers(em, event)),
    );
  }

  /** Runs inside the transaction, so that a transaction whose handler takes too long is rolled back, not left open. */
  async #withDeadline<T>(event: EventEnvelope, work: () => Promise<T>): Promise<T> {
    let cancel: () => void = () => undefined;
    const timeout = new Promise<never>((_, reject) => {
      const expire = () => reject(new HandlerTimeout(event.type, this.#timeoutSeconds));
      cancel = startTimer(this.#timeoutSeconds * 1000, expire);
    });
    const { context } = this.options;
    try {
      return await Promise.race([context ? context.run(metaOf(event), work) : work(), timeout]);
    } finally {
      cancel();
    }
  }

  async #runHandlers(em: EntityManager, event: EventEnvelope): Promise<void> {
    const body = parseBody(event);
    const meta = metaOf(event);
    this.transactions.continueTrace(event.traceparent);
    for (const handler of this.#handlers.get(event.type) ?? []) {
      await handler(body, meta);
      await em.flush();
    }
  }

  /** Returns false if the key's queue has been emptied in the meantime. */
  async #queueBehind(event: EventEnvelope): Promise<boolean> {
    return this.transactions.begin(
      async (em) => {
        await lockKey(em, event);
        if (!(await firstOfKey(em, event))) return false;
        await insertDeadLetter(em, event);
        return true;
      },
      { isolation: 'read committed' },
    );
  }
}

/** A dead letter whose redrive failed; `cause` is what its handler threw. */
export class RedriveFailure extends Error {
  override readonly name = 'RedriveFailure';
  constructor(
    readonly event: EventEnvelope,
    override readonly cause: unknown,
  ) {
    super('A redriven event failed again');
  }
}

function parseBody(event: EventEnvelope): unknown {
  if (!isEventType(event.type)) throw new MalformedEvent(`No contract describes ${event.type}`);
  try {
    return parseEvent(event.type, JSON.parse(event.data));
  } catch (error) {
    throw new MalformedEvent(`${event.type} ${event.id} does not fit its contract: ${String(error)}`, {
      cause: error,
    });
  }
}
