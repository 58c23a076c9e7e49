import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { CONFIG, LOGGER, Metrics, StartError, SystemClock } from '@roost/platform';
import { createTransport, type Transporter } from 'nodemailer';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import type { IdentityConfig } from '../config.js';
import { type ClaimedMail, claimDueMail, finishMail } from './mail.queries.js';

const TIMEOUT_MS = 10_000;
/** Longer than an attempt can take, so that two replicas never send the same mail. Doubled after each failure. */
const FIRST_PAUSE_SECONDS = 60;
const MAX_ATTEMPTS = 10;
const BATCH = 100;

/** Sends mails by SMTP. Text and token of a sent mail are not stored; a failed mail is retried for half a day. */
@Injectable()
export class MailDeliveryService implements OnApplicationShutdown {
  readonly #smtp: Transporter | null;
  #sending: Promise<void> | null = null;
  #again = false;
  readonly #mails: Counter<'outcome'>;

  constructor(
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
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
    this.#smtp = config.MAILER === 'smtp' ? connect(config.SMTP_URL) : null;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#sending;
    this.#smtp?.close();
  }

  /** Sends the mails that are due at the time of the call. Concurrent calls share one run. */
  sendDue(): Promise<void> {
    if (!this.#smtp) return Promise.resolve();
    this.#again = true;
    this.#sending ??= this.sendBatches(this.#smtp);
    return this.#sending;
  }

  private async sendBatches(smtp: Transporter): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        await this.sendBatch(smtp);
      }
    } finally {
      // Synchronous with the last check of `#again`: a later call starts a new run.
      this.#sending = null;
    }
  }

  private async sendBatch(smtp: Transporter): Promise<void> {
    for (let count = 0; count < BATCH; count += 1) {
      const mail = await this.transactions.run(
        (em) => claimDueMail(em, this.clock.now(), FIRST_PAUSE_SECONDS),
        { isolation: 'read committed' },
      );
      if (!mail) return;
      await this.send(smtp, mail);
    }
  }

  private async send(smtp: Transporter, mail: ClaimedMail): Promise<void> {
    const { id, recipient, subject, text, html } = mail;
    try {
      await smtp.sendMail({
        messageId: `<${id}@${new URL(this.config.PUBLIC_URL).hostname}>`,
        from: this.config.MAIL_FROM,
        to: { name: '', address: recipient },
        subject,
        text,
        html,
      });
      await this.finish(id, 'sent_at');
      this.#mails.inc({ outcome: 'sent' });
    } catch (error) {
      const final = mail.attempts >= MAX_ATTEMPTS;
      if (final) await this.finish(id, 'given_up_at');
      this.#mails.inc({ outcome: final ? 'given_up' : 'failed' });
      const { code } = error as { code?: string };
      this.logger.warn({ mailId: id, attempts: mail.attempts, code, final }, 'mail not sent');
    }
  }

  private async finish(id: string, column: 'sent_at' | 'given_up_at'): Promise<void> {
    await this.transactions.run((em) => finishMail(em, id, column, this.clock.now()), {
      isolation: 'read committed',
    });
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
