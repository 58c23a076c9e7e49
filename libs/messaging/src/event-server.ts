import { setTimeout as sleep } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { Tracing } from '@roost/tracing';
import { isObservable, lastValueFrom } from 'rxjs';
import { keysToRedrive, type TopicKey } from './dead-letter.queries.js';
import type { EventEnvelope } from './envelope.js';
import { isTransient, MalformedEvent } from './errors.js';
import { EventConsumer, RedriveFailure } from './event-consumer.js';
import { traceProcessing } from './event-spans.js';
import { KeyedEventQueue, type TryResult } from './keyed-event-queue.js';
import { MessagingLog } from './messaging-log.js';
import { ROOST_EVENTS } from './on-event.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import { RETRY_DELAYS_MS, transientDelayMs } from './retry-policy.js';
import type { Delivery, EventListener } from './transport.js';

const REDRIVE_POLL_MS = 1000;

/** Handlers mostly wait for the database. */
const MAX_CONCURRENCY = 8;
/** Each running handler holds a connection of the pool. These stay free for requests and for jobs. */
const RESERVED_CONNECTIONS = 2;

/**
 * The Nest transport strategy of Roost's events: collects the @OnEvent handlers and processes each delivered event until
 * it is handled or dead-lettered.
 */
@Injectable()
export class EventServer extends Server implements CustomTransportStrategy, EventListener {
  override readonly transportId = ROOST_EVENTS;
  /** This class retries and dead-letters failures, so Nest does not report them. */
  override readonly propagatesEventHandlerErrors = true;

  readonly #queue: KeyedEventQueue;
  readonly #retryDelaysMs: readonly number[];
  readonly #stopping = new AbortController();
  #stopListening: (() => Promise<void>) | undefined;
  #redriving: Promise<void> | undefined;

  constructor(
    @Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions,
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly consumer: EventConsumer,
    private readonly log: MessagingLog,
  ) {
    super();
    this.#retryDelaysMs = options.retryDelaysMs ?? RETRY_DELAYS_MS;
    const concurrency = options.concurrency ?? concurrencyFor(orm.config.get('pool')?.max);
    this.#queue = new KeyedEventQueue(concurrency, (delivery, tries) => this.#attempt(delivery, tries));
  }

  get service(): string {
    return this.options.service;
  }

  get types(): ReadonlySet<string> {
    return this.consumer.types;
  }

  /** Nest chains the handlers of one type and would run them concurrently; here they run in order in one transaction. */
  override addHandler(pattern: unknown, callback: MessageHandler): void {
    this.consumer.register(String(pattern), async (body, meta) => {
      const result: unknown = await callback(body, meta);
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
    });
  }

  listen(callback: (error?: unknown) => void): void {
    void this.#start().then(() => callback(), callback);
  }

  /** Accepts no more events and resolves when the running handlers have finished. */
  async close(): Promise<void> {
    this.#stopping.abort();
    // Before the transport stops: it still has to learn which events are processed.
    await Promise.all([this.#queue.stop(), this.#redriving]);
    await this.#stopListening?.();
    this.#stopListening = undefined;
  }

  override on(): never {
    throw new Error('The event server emits no events');
  }

  override unwrap<T>(): T {
    throw new Error('The event server wraps no other server');
  }

  accept(delivery: Delivery): void {
    this.#queue.push(delivery);
  }

  async #start(): Promise<void> {
    if (this.types.size === 0) return;
    this.#stopListening = await this.options.bus.listen(this);
    this.#redriving = this.#redriveLoop();
  }

  #attempt({ event, unreadable }: Delivery, tries: number): Promise<TryResult> {
    const { service, tracing = Tracing.off } = this.options;
    const attributes = { 'roost.tries': tries };
    return traceProcessing({ tracing, service, event, attributes }, async (span) => {
      const startedAt = performance.now();
      try {
        if (unreadable) throw unreadable;
        const outcome = await this.consumer.handle(event);
        span.setAttribute('roost.outcome', outcome);
        this.log.handled(event, outcome, performance.now() - startedAt);
        return { processed: true };
      } catch (error) {
        tracing.recordError(span, error);
        const result = await this.#processFailure(event, error, tries);
        span.setAttribute('roost.outcome', result.processed ? 'parked' : 'to be tried again');
        return result;
      }
    });
  }

  async #processFailure(event: EventEnvelope, error: unknown, tries: number): Promise<TryResult> {
    if (isTransient(error)) return this.#retry(event, error, tries, transientDelayMs(tries));
    const retryInMs = this.#retryDelaysMs[tries - 1];
    if (retryInMs !== undefined && !(error instanceof MalformedEvent)) {
      return this.#retry(event, error, tries, retryInMs);
    }
    try {
      await this.consumer.deadLetter(event, { error, tries });
      this.log.deadLettered(event, error, tries);
      return { processed: true };
    } catch (databaseError) {
      return this.#retry(event, databaseError, tries, transientDelayMs(tries));
    }
  }

  #retry(event: EventEnvelope, error: unknown, tries: number, retryInMs: number): TryResult {
    this.log.failed(event, error, tries, retryInMs);
    return { processed: false, retryInMs };
  }

  /** Polls for keys that an operator has marked for redrive: another process may have set the mark. */
  async #redriveLoop(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const keys = await keysToRedrive(this.orm.em.fork({ disableContextResolution: true }));
        for (const topicKey of keys) await this.#redriveKey(topicKey);
      } catch (error) {
        if (!signal.aborted) this.log.redriveFailed(error);
      }
      await sleep(REDRIVE_POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #redriveKey(topicKey: TopicKey): Promise<void> {
    for (let tries = 1; !this.#stopping.signal.aborted;) {
      try {
        const event = await this.consumer.redriveNext(topicKey);
        if (!event) return;
        this.log.redriven(event);
        tries = 1;
      } catch (error) {
        if (!(error instanceof RedriveFailure) || isTransient(error)) throw error;
        const retryInMs = this.#retryDelaysMs[tries - 1];
        if (retryInMs === undefined || error.cause instanceof MalformedEvent) {
          await this.consumer.deadLetterAgain(error.event, { error: error.cause, tries });
          this.log.deadLettered(error.event, error.cause, tries);
          return;
        }
        tries += 1;
        await sleep(retryInMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }
}

/** How many handlers may run at once with a pool of `connections`. */
function concurrencyFor(connections = MAX_CONCURRENCY + RESERVED_CONNECTIONS): number {
  return Math.max(1, Math.min(MAX_CONCURRENCY, connections - RESERVED_CONNECTIONS));
}
