import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { CONFIG, LOGGER, Metrics, StartError, SystemClock } from '@roost/platform';
import { createTransport, type Transporter } from 'nodemailer';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import type { IdentityConfig } from '../config.js';
import { type DeliveryOutcome, DeliveryQueue } from '../delivery/delivery-queue.js';
import { hasToken } from './account-mails.js';
import { type ClaimedMail, MAIL_TABLE } from './mail.queries.js';

const TIMEOUT_MS = 10_000;
const FIRST_PAUSE_SECONDS = 60;
const MAX_ATTEMPTS = 10;

/**
 * Sends mails by SMTP. Text and token of a sent mail are not stored. A failed mail is retried for half a day; then its text is
 * stored for an administrator's retry, unless it has a token.
 */
@Injectable()
export class MailDeliveryService implements OnApplicationShutdown {
  readonly #smtp: Transporter | null;
  readonly #queue: DeliveryQueue<ClaimedMail> | null;
  readonly #mails: Counter<'outcome'>;

  constructor(
    transactions: Transactions,
    clock: SystemClock,
    metrics: Metrics,
    @Inject(CONFIG) private readonly config: IdentityConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#mails = metrics.counter(
      'roost_mails_total',
      'Tries to send a mail, by outcome: sent, failed (it will be repeated) or given_up',
      ['outcome'],
    );
    for (const outcome of ['sent', 'failed', 'given_up']) this.#mails.inc({ outcome }, 0);
    const smtp = config.MAILER === 'smtp' ? connect(config.SMTP_URL) : null;
    this.#smtp = smtp;
    this.#queue =
      smtp &&
      new DeliveryQueue(transactions, clock, {
        table: MAIL_TABLE,
        firstPauseSeconds: FIRST_PAUSE_SECONDS,
        lanes: 1,
        send: (mail) => this.send(smtp, mail),
        isLastAttempt: ({ attempts }) => attempts >= MAX_ATTEMPTS,
        keepsTexts: ({ template }) => !hasToken(template),
        report: (...attempt) => this.report(...attempt),
      });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#queue?.running;
    this.#smtp?.close();
  }

  /** Sends the mails that are due at the time of the call. */
  async sendDue(): Promise<void> {
    await this.#queue?.sendDue();
  }

  sendAfterCommit(): void {
    this.#queue?.sendAfterCommit();
  }

  private async send(smtp: Transporter, { id, recipient, subject, text, html }: ClaimedMail): Promise<void> {
    await smtp.sendMail({
      messageId: `<${id}@${new URL(this.config.PUBLIC_URL).hostname}>`,
      from: this.config.MAIL_FROM,
      to: { name: '', address: recipient },
      subject,
      text,
      html,
    });
  }

  private report(outcome: DeliveryOutcome, { id, attempts }: ClaimedMail, error: unknown): void {
    this.#mails.inc({ outcome });
    if (outcome === 'sent') return;
    const { code } = error as { code?: string };
    this.logger.warn({ mailId: id, attempts, code, final: outcome === 'given_up' }, 'mail not sent');
  }
}

function connect(url: string | undefined): Transporter {
  if (!url)
    throw new StartError(
      'SMTP_URL is missing: MAILER=smtp requires a URL such as smtps://user:password@mail.example.com.',
    );
  return createTransport({
    url,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}
