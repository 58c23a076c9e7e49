import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { LOGGER, Metrics, SweepEvery, SystemClock } from '@roost/platform';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import { type DeliveryOutcome, DeliveryQueue } from '../delivery/delivery-queue.js';
import { type ClaimedText, TEXT_TABLE } from './phone-code.queries.js';
import { SmsSender } from './sms-sender.port.js';

const FIRST_PAUSE_SECONDS = 15;
/** The last one starts after 7 min 45 s, before the code expires. */
const MAX_ATTEMPTS = 6;
/** A slow sender must not delay codes until they expire. */
const LANES = 8;

/** Sends text messages by the `SmsSender`. The text of a sent message is not stored. */
@Injectable()
export class TextDeliveryService implements OnApplicationShutdown {
  readonly #queue: DeliveryQueue<ClaimedText> | null;
  readonly #texts: Counter<'outcome'>;

  constructor(
    transactions: Transactions,
    private readonly clock: SystemClock,
    metrics: Metrics,
    @Inject(SmsSender) sender: SmsSender | null,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#texts = metrics.counter(
      'roost_text_messages_total',
      'Tries to send a text message, by outcome: sent, failed (it will be repeated) or given_up',
      ['outcome'],
    );
    for (const outcome of ['sent', 'failed', 'given_up']) this.#texts.inc({ outcome }, 0);
    this.#queue =
      sender &&
      new DeliveryQueue(transactions, clock, {
        table: TEXT_TABLE,
        firstPauseSeconds: FIRST_PAUSE_SECONDS,
        lanes: LANES,
        send: (message) => this.send(sender, message),
        isLastAttempt: (message) => message.attempts >= MAX_ATTEMPTS || this.hasExpired(message),
        keepsTexts: () => false,
        report: (...attempt) => this.report(...attempt),
      });
  }

  /** Whether there is a sender. Without one, development shows the messages in its inbox. */
  get isOffered(): boolean {
    return this.#queue !== null;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#queue?.running;
  }

  @SweepEvery(10, 'text.send')
  async sendDue(): Promise<void> {
    await this.#queue?.sendDue();
  }

  sendAfterCommit(): void {
    this.#queue?.sendAfterCommit();
  }

  private async send(sender: SmsSender, message: ClaimedText): Promise<void> {
    if (this.hasExpired(message)) throw new Error('The code of the text message has expired');
    await sender.send({ id: message.id, to: message.phone, text: message.text });
  }

  private hasExpired({ expiresAt }: ClaimedText): boolean {
    return expiresAt <= this.clock.now();
  }

  private report(outcome: DeliveryOutcome, { id, attempts }: ClaimedText, error: unknown): void {
    this.#texts.inc({ outcome });
    if (outcome === 'sent') return;
    const { code } = error as { code?: string };
    this.logger.warn({ textId: id, attempts, code, final: outcome === 'given_up' }, 'text message not sent');
  }
}
