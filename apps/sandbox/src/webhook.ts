import { createHmac, randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { callersTrace } from './caller.js';
import type { Database } from './database.js';
import { readSwitches } from './switches.js';

export type WebhookType =
  | 'intent.requires_action'
  | 'intent.authorized'
  | 'intent.captured'
  | 'intent.failed'
  | 'intent.canceled'
  | 'refund.succeeded'
  | 'dispute.created'
  | 'dispute.won'
  | 'dispute.lost';

/** Notes a webhook in the transaction of what it tells; the switches decide how it will travel. */
export async function announce(client: PoolClient, type: WebhookType, data: object): Promise<void> {
  const id = `evt_${randomUUID().replaceAll('-', '')}`;
  const switches = await readSwitches(client);
  const lost = Math.random() < switches.drop;
  const copies = 1 + Math.floor(Math.random() * switches.copies);
  const waitMs = switches.delayMs + Math.floor(Math.random() * switches.shuffleMs);
  const payload = JSON.stringify({ id, type, createdAt: new Date().toISOString(), data });
  await client.query(
    `INSERT INTO webhook_event (id, type, payload, copies, lost, due_at, traceparent)
     VALUES ($1, $2, $3, $4, $5, clock_timestamp() + $6 * interval '1 millisecond', $7)`,
    [id, type, payload, copies, lost, waitMs, callersTrace()],
  );
}

export function sign(payload: string, secret: string, at: Date): string {
  const t = Math.floor(at.getTime() / 1000);
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${payload}`).digest('hex')}`;
}

interface Due {
  id: string;
  payload: string;
  copies: number;
  attempts: number;
  traceparent: string | null;
}

const POLL_MS = 250;
const MAX_ATTEMPTS = 15;

/** Posts what is due, again and again with growing waits, until somebody says 2xx. */
export class WebhookSender {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;
  private again = false;
  private stopped = false;

  constructor(
    private readonly database: Database,
    private readonly target: { url: string; secret: string },
    private readonly sent: (delivered: boolean) => void,
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
      // The database is away: the next tick tries again.
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
      const due = await this.database.pool.query<Due>(
        `UPDATE webhook_event SET attempts = attempts + 1, due_at = clock_timestamp() + interval '20 seconds'
         WHERE id IN (SELECT id FROM webhook_event WHERE delivered_at IS NULL AND NOT lost AND due_at <= clock_timestamp()
                      ORDER BY due_at, seq LIMIT 20 FOR UPDATE SKIP LOCKED)
         RETURNING id, payload, copies, attempts, traceparent`,
      );
      if (due.rows.length === 0 || this.stopped) return;
      const url = (await readSwitches(this.database.pool)).webhookUrl ?? this.target.url;
      await Promise.all(due.rows.map((event) => this.deliver(event, url)));
    }
  }

  private async deliver(event: Due, url: string): Promise<void> {
    let status = 'unreachable';
    let delivered = true;
    for (let copy = 0; copy < event.copies; copy += 1) {
      try {
        const answer = await fetch(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'sandbox-signature': sign(event.payload, this.target.secret, new Date()),
            ...(event.traceparent === null ? {} : { traceparent: event.traceparent }),
          },
          body: event.payload,
          signal: AbortSignal.timeout(10_000),
        });
        await answer.body?.cancel();
        status = String(answer.status);
        delivered &&= answer.ok;
      } catch {
        delivered = false;
      }
    }
    this.sent(delivered);
    const waitSeconds = Math.min(0.5 * 2 ** event.attempts, 3_600);
    await this.database.pool.query(
      `UPDATE webhook_event SET last_status = $2,
         delivered_at = CASE WHEN $3 THEN clock_timestamp() END,
         lost = (NOT $3 AND attempts >= $4),
         due_at = clock_timestamp() + $5 * interval '1 second' WHERE id = $1`,
      [event.id, status, delivered, MAX_ATTEMPTS, waitSeconds],
    );
  }
}
