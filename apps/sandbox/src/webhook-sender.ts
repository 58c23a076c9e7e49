import { timeoutSignal } from '@roost/platform';
import type { Database } from './database.js';
import { readSwitches } from './switches.queries.js';
import { sign } from './webhook.js';
import { claimDueWebhooks, type DueWebhook, recordAttempt } from './webhook.queries.js';

const POLL_MS = 250;
const TIMEOUT_MS = 10_000;
const MAX_RETRY_SECONDS = 3_600;

/** Sends due webhooks and retries each one with growing delays until a 2xx response. */
export class WebhookSender {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;
  private again = false;
  private stopped = false;

  constructor(
    private readonly database: Database,
    private readonly target: { url: string; secret: string },
    private readonly onSent: (delivered: boolean) => void,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.wake(), POLL_MS);
    this.wake();
  }

  wake(): void {
    if (this.stopped) return;
    if (this.round) {
      this.again = true;
      return;
    }
    this.round = this.deliverDue()
      // The database is unavailable: the next tick retries.
      .catch(() => undefined)
      .finally(() => {
        this.round = undefined;
        if (this.again) {
          this.again = false;
          this.wake();
        }
      });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.round;
  }

  private async deliverDue(): Promise<void> {
    for (;;) {
      const due = await claimDueWebhooks(this.database.pool);
      if (due.length === 0 || this.stopped) return;
      const url = (await readSwitches(this.database.pool)).webhookUrl ?? this.target.url;
      await Promise.all(due.map((webhook) => this.deliver(webhook, url)));
    }
  }

  private async deliver(webhook: DueWebhook, url: string): Promise<void> {
    let status = 'unreachable';
    let delivered = true;
    for (let copy = 0; copy < webhook.copies; copy += 1) {
      try {
        const response = await this.post(webhook, url);
        status = String(response.status);
        delivered &&= response.ok;
      } catch {
        delivered = false;
      }
    }
    this.onSent(delivered);
    const nextAttemptSeconds = Math.min(0.5 * 2 ** webhook.attempts, MAX_RETRY_SECONDS);
    await recordAttempt(this.database.pool, webhook.id, { status, delivered, nextAttemptSeconds });
  }

  private async post({ payload, traceparent }: DueWebhook, url: string): Promise<Response> {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'sandbox-signature': sign(payload, this.target.secret, new Date()),
        ...(traceparent === null ? {} : { traceparent }),
      },
      body: payload,
      signal: timeoutSignal(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response;
  }
}
