import { setTimeout as wait } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { Tracing } from '@roost/tracing';
import { isObservable, lastValueFrom } from 'rxjs';
import { keysToRedrive } from './dead-letters.js';
import type { EventEnvelope } from './envelope.js';
import { isTransient, MalformedEvent } from './errors.js';
import { EventConsumer, RedriveFailure } from './event-consumer.js';
import { EventLanes, type Verdict } from './event-lanes.js';
import { consumed } from './event-spans.js';
import { MessagingLog } from './messaging-log.js';
import { ROOST_EVENTS } from './on-event.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import { RETRY_DELAYS_MS, transientDelayMs } from './retry-policy.js';
import type { Delivery, EventListener } from './transport.js';

const REDRIVE_POLL_MS = 1000;

/**
 * Nest's end of the events: collects the @OnEvent handlers, and takes what the transport brings until it is
 * handled or parked.
 */
@Injectable()
export class EventServer extends Server implements CustomTransportStrategy, EventListener {
  override readonly transportId = ROOST_EVENTS;
  /** Failures are retried and parked here; Nest need not report them. */
  override readonly propagatesEventHandlerErrors = true;

  readonly #lanes: EventLanes;
  readonly #retryDelaysMs: readonly number[];
  readonly #stopping = new AbortController();
  #unlisten: (() => Promise<void>) | undefined;
  #redriving: Promise<void> | undefined;

  constructor(
    @Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions,
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly consumer: EventConsumer,
    private readonly log: MessagingLog,
  ) {
    super();
    this.#retryDelaysMs = options.retryDelaysMs ?? RETRY_DELAYS_MS;
    this.#lanes = new EventLanes(options.concurrency ?? 4, (delivery, tries) =>
      this.#attempt(delivery, tries),
    );
  }

  get service(): string {
    return this.options.service;
  }

  get types(): ReadonlySet<string> {
    return this.consumer.types;
  }

  /** Nest chains handlers of one type and would run them side by side; here they share a transaction, in turn. */
  override addHandler(pattern: unknown, callback: MessageHandler): void {
    this.consumer.register(String(pattern), async (body, meta) => {
      const result: unknown = await callback(body, meta);
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
    });
  }

  listen(callback: (error?: unknown) => void): void {
    void this.#start().then(() => callback(), callback);
  }

  /** Takes no more events and waits for those being handled. */
  async close(): Promise<void> {
    this.#stopping.abort();
    // First the events in work: the relays then know that they are done.
    await Promise.all([this.#lanes.stop(), this.#redriving]);
    await this.#unlisten?.();
    this.#unlisten = undefined;
  }

  override on(): never {
    throw new Error('The event server has no events of its own');
  }

  override unwrap<T>(): T {
    throw new Error('The event server wraps nothing');
  }

  accept(delivery: Delivery): void {
    this.#lanes.push(delivery);
  }

  async #start(): Promise<void> {
    if (this.types.size === 0) return;
    this.#unlisten = await this.options.bus.listen(this);
    this.#redriving = this.#redriveLoop();
  }

  #attempt({ event, unreadable }: Delivery, tries: number): Promise<Verdict> {
    const { service, tracing = Tracing.off } = this.options;
    return consumed(tracing, service, event, { 'roost.tries': tries }, async (span) => {
      const began = performance.now();
      try {
        if (unreadable) throw unreadable;
        const outcome = await this.consumer.handle(event);
        span.setAttribute('roost.outcome', outcome);
        this.log.handled(event, outcome, performance.now() - began);
        return { settled: true };
      } catch (error) {
        tracing.failed(span, error);
        const verdict = await this.#failed(event, error, tries);
        span.setAttribute('roost.outcome', verdict.settled ? 'parked' : 'to be tried again');
        return verdict;
      }
    });
  }

  async #failed(event: EventEnvelope, error: unknown, tries: number): Promise<Verdict> {
    if (isTransient(error)) {
      const retryInMs = transientDelayMs(tries);
      this.log.failed(event, error, tries, retryInMs);
      return { settled: false, retryInMs };
    }
    const retryInMs = this.#retryDelaysMs[tries - 1];
    if (retryInMs !== undefined && !(error instanceof MalformedEvent)) {
      this.log.failed(event, error, tries, retryInMs);
      return { settled: false, retryInMs };
    }
    try {
      await this.consumer.park(event, error, tries);
      this.log.parked(event, error, tries);
      return { settled: true };
    } catch (parkError) {
      const later = transientDelayMs(tries);
      this.log.failed(event, parkError, tries, later);
      return { settled: false, retryInMs: later };
    }
  }

  /** An operator's redrive is a mark in the table, so that it can be asked for from another process. */
  async #redriveLoop(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        for (const { topic, key } of await keysToRedrive(
          this.orm.em.fork({ disableContextResolution: true }),
        )) {
          await this.#redriveKey(topic, key);
        }
      } catch (error) {
        if (!signal.aborted) this.log.redriveFailed(error);
      }
      await wait(REDRIVE_POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #redriveKey(topic: string, key: string): Promise<void> {
    for (let tries = 1; !this.#stopping.signal.aborted;) {
      try {
        const event = await this.consumer.redriveNext(topic, key);
        if (!event) return;
        this.log.redriven(event);
        tries = 1;
      } catch (error) {
        if (!(error instanceof RedriveFailure) || isTransient(error)) throw error;
        const retryInMs = this.#retryDelaysMs[tries - 1];
        if (retryInMs === undefined || error.cause instanceof MalformedEvent) {
          await this.consumer.parkAgain(error.event, error.cause, tries);
          this.log.parked(error.event, error.cause, tries);
          return;
        }
        tries += 1;
        await wait(retryInMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }
}
