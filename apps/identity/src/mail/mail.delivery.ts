import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { CONFIG, LOGGER, Metrics, StartError, SystemClock } from '@roost/platform';
import { createTransport, type Transporter } from 'nodemailer';
import type { Logger } from 'pino';
import type { IdentityConfig } from '../config.js';

const TIMEOUT_MS = 10_000;
/** Longer than a try can take, so that no two replicas send one mail; then twice as long after each failure. */
const FIRST_PAUSE_SECONDS = 60;
const MAX_ATTEMPTS = 10;
const AT_ONCE = 100;

interface DueMail {
  id: string;
  recipient: string;
  subject: string;
  text: string;
  html: string;
  attempts: number;
}

/** Hands mails to SMTP. A mail that was sent keeps neither text nor token; one that can't be sent is tried for hours. */
@Injectable()
export class MailDelivery implements OnApplicationShutdown {
  readonly #smtp: Transporter | null;
  #sending: Promise<void> | null = null;

  constructor(
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
    private readonly metrics: Metrics,
    @Inject(CONFIG) private readonly config: IdentityConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#smtp = config.MAILER === 'smtp' ? connect(config.SMTP_URL) : null;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#sending;
    this.#smtp?.close();
  }

  /** Sends what is due; whoever asks meanwhile waits for the same run. */
  sendDue(): Promise<void> {
    if (!this.#smtp) return Promise.resolve();
    this.#sending ??= this.sendAll(this.#smtp).finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  private async sendAll(smtp: Transporter): Promise<void> {
    for (let count = 0; count < AT_ONCE; count += 1) {
      const mail = await this.claimNext();
      if (!mail) return;
      await this.send(smtp, mail);
    }
  }

  private claimNext(): Promise<DueMail | undefined> {
    const now = this.clock.now();
    return this.transactions.run(
      async (em) => {
        const [mail] = await em.execute<DueMail[]>(
          `UPDATE mail SET attempts = attempts + 1,
              next_attempt_at = ?::timestamptz + make_interval(secs => ? * power(2, attempts))
            WHERE id = (SELECT id FROM mail WHERE next_attempt_at <= ? ORDER BY next_attempt_at LIMIT 1
              FOR UPDATE SKIP LOCKED)
            RETURNING id, recipient, subject, text, html, attempts`,
          [now, FIRST_PAUSE_SECONDS, now],
        );
        return mail;
      },
      { isolation: 'read committed' },
    );
  }

  private async send(smtp: Transporter, mail: DueMail): Promise<void> {
    const { id, recipient, subject, text, html } = mail;
    const counter = this.metrics.counter('mails_total', 'Mails by outcome', ['outcome']);
    try {
      await smtp.sendMail({
        messageId: `<${id}@${new URL(this.config.PUBLIC_URL).hostname}>`,
        from: this.config.MAIL_FROM,
        to: { name: '', address: recipient },
        subject,
        text,
        html,
      });
      await this.settle(id, 'sent_at');
      counter.inc({ outcome: 'sent' });
    } catch (error) {
      const final = mail.attempts >= MAX_ATTEMPTS;
      if (final) await this.settle(id, 'given_up_at');
      counter.inc({ outcome: final ? 'given_up' : 'failed' });
      const { code } = error as { code?: string };
      this.logger.warn({ mailId: id, attempts: mail.attempts, code, final }, 'mail not sent');
    }
  }

  private async settle(id: string, column: 'sent_at' | 'given_up_at'): Promise<void> {
    await this.transactions.run(
      (em) =>
        em.execute(
          `UPDATE mail SET ${column} = ?, next_attempt_at = NULL, text = '', html = '' WHERE id = ?`,
          [this.clock.now(), id],
        ),
      { isolation: 'read committed' },
    );
  }
}

function connect(url: string | undefined): Transporter {
  if (!url)
    throw new StartError(
      'SMTP_URL is missing: MAILER=smtp needs an address such as smtps://user:password@mail.example.com.',
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
