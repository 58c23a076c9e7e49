import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { events, isEventType, parseEvent } from '@roost/contracts';
import { Tracing } from '@roost/tracing';
import { announceDeadLetter } from './dead-letter-notice.js';
import { bury, endRedrive, lockKey, nextOfKey } from './dead-letters.js';
import { metaOf, type EventEnvelope, type EventMeta } from './envelope.js';
import { HandlerTimeout, MalformedEvent } from './errors.js';
import { faultPoint } from './fault-point.js';
import { consumed } from './event-spans.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import { Transactions } from './transactions.js';

export type EventHandler = (body: unknown, meta: EventMeta) => Promise<void>;

/**
 * `handled`; `known`: it had been before; `queued`: an earlier event of its key is parked, this one waits behind it;
 * `ignored`: nobody here listens to its type.
 */
export type Outcome = 'handled' | 'known' | 'queued' | 'ignored';

/**
 * The inbox row comes first: it takes the snapshot before the transaction id (EVENTS.md, writers serialise) and makes a
 * twin that is being handled elsewhere wait. No row: the event is known, or an earlier one of its key is parked.
 */
const CLAIM = `
  INSERT INTO inbox_event (event_id, type, compacted)
  SELECT ?, ?, ? WHERE NOT EXISTS (SELECT FROM dead_letter WHERE topic = ? AND key = ?)
  ON CONFLICT (event_id) DO NOTHING RETURNING 1`;

/** Of the same snapshot as the claim that gave no row. */
const IS_KNOWN = `SELECT EXISTS (SELECT FROM inbox_event WHERE event_id = ?) AS known`;

/** Runs the handlers of one service: each event once, with its inbox row, in one transaction. */
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

  /** One try. Throws what the handler threw, with nothing left behind. */
  async handle(event: EventEnvelope): Promise<Outcome> {
    if (!this.#handlers.has(event.type)) return 'ignored';
    for (;;) {
      const outcome = await this.transactions.begin((em) =>
        this.#inTime(event, async () => {
          const { id, type, topic, key } = event;
          const claimed = await em.execute<unknown[]>(CLAIM, [id, type, isCompacted(type), topic, key]);
          if (claimed.length > 0) {
            await this.#apply(em, event);
            return 'handled' as const;
          }
          const [found] = await em.execute<{ known: boolean }[]>(IS_KNOWN, [id]);
          return found?.known ? ('known' as const) : ('held' as const);
        }),
      );
      if (outcome !== 'held') {
        await faultPoint(`${this.options.service}.after-handler`);
        return outcome;
      }
      if (await this.#queueBehind(event)) return 'queued';
    }
  }

  /**
   * Inside the transaction of `em`, which has forgotten that the event was handled before: for a rebuild. Nothing is
   * looked up, so it may only be called where no other process can handle events of this service.
   */
  async handleAnew(em: EntityManager, event: EventEnvelope): Promise<void> {
    if (!this.#handlers.has(event.type)) return;
    await em.execute(
      `INSERT INTO inbox_event (event_id, type, compacted) VALUES (?, ?, ?) ON CONFLICT (event_id) DO NOTHING`,
      [event.id, event.type, isCompacted(event.type)],
      'run',
    );
    await this.#apply(em, event);
    em.clear();
  }

  /** Tries are used up: the event waits for an operator, and its key with it. */
  async park(event: EventEnvelope, error: unknown, tries: number): Promise<void> {
    await this.transactions.begin(
      async (em) => {
        await lockKey(em, event.topic, event.key);
        if (!(await bury(em, event, { error, tries }))) return;
        this.transactions.publishing();
        await announceDeadLetter(em, this.options.service, event, error, tries);
      },
      { isolation: 'read committed' },
    );
  }

  /** Takes the first letter of a key that is to be redriven. Null when the key has none (any more). */
  async redriveNext(topic: string, key: string): Promise<EventEnvelope | null> {
    return this.transactions.begin(async (em) => {
      await lockKey(em, topic, key);
      const letter = await nextOfKey(em, topic, key);
      if (!letter?.redriveAt) return null;
      const fresh = await em.execute<unknown[]>(
        `INSERT INTO inbox_event (event_id, type, compacted) VALUES (?, ?, ?) ON CONFLICT (event_id) DO NOTHING RETURNING 1`,
        [letter.id, letter.type, isCompacted(letter.type)],
      );
      try {
        if (fresh.length > 0) await this.#redrive(em, letter);
      } catch (error) {
        throw new RedriveFailure(letter, error);
      }
      await em.execute(`DELETE FROM dead_letter WHERE event_id = ?`, [letter.id], 'run');
      return letter;
    });
  }

  /** The redrive met a failure again: the key waits for the operator once more. */
  async parkAgain(event: EventEnvelope, error: unknown, tries: number): Promise<void> {
    await this.transactions.begin(
      async (em) => {
        await endRedrive(em, event, error, tries);
        this.transactions.publishing();
        await announceDeadLetter(em, this.options.service, event, error, tries);
      },
      { isolation: 'read committed' },
    );
  }

  #redrive(em: EntityManager, letter: EventEnvelope): Promise<void> {
    const { service, tracing = Tracing.off } = this.options;
    return consumed(tracing, service, letter, { 'roost.redriven': true }, () =>
      this.#inTime(letter, () => this.#apply(em, letter)),
    );
  }

  /** Inside the transaction, so that one that takes too long is rolled back and not left open. */
  async #inTime<T>(event: EventEnvelope, work: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new HandlerTimeout(event.type, this.#timeoutSeconds)),
        this.#timeoutSeconds * 1000,
      );
    });
    const { context } = this.options;
    try {
      return await Promise.race([context ? context.run(metaOf(event), work) : work(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #apply(em: EntityManager, event: EventEnvelope): Promise<void> {
    const body = readBody(event);
    const meta = metaOf(event);
    this.transactions.follow(event.traceparent);
    for (const handler of this.#handlers.get(event.type) ?? []) {
      await handler(body, meta);
      await em.flush();
    }
  }

  /** False when the key's queue has been emptied meanwhile. */
  async #queueBehind(event: EventEnvelope): Promise<boolean> {
    return this.transactions.begin(
      async (em) => {
        await lockKey(em, event.topic, event.key);
        if (!(await nextOfKey(em, event.topic, event.key))) return false;
        await bury(em, event);
        return true;
      },
      { isolation: 'read committed' },
    );
  }
}

/** What failed, and why, when a dead letter was tried again. */
export class RedriveFailure extends Error {
  override readonly name = 'RedriveFailure';
  constructor(
    readonly event: EventEnvelope,
    override readonly cause: unknown,
  ) {
    super('A redriven event failed again');
  }
}

function isCompacted(type: string): boolean {
  return isEventType(type) && events[type].kind === 'state';
}

function readBody(event: EventEnvelope): unknown {
  if (!isEventType(event.type)) throw new MalformedEvent(`No contract describes ${event.type}`);
  try {
    return parseEvent(event.type, JSON.parse(event.data));
  } catch (error) {
    throw new MalformedEvent(`${event.type} ${event.id} does not fit its contract: ${String(error)}`, {
      cause: error,
    });
  }
}
