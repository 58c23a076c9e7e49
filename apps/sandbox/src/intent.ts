import { randomBytes, randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { cardOf, type Card } from './card.js';
import type { Answer } from './idempotency.js';
import { Refusal } from './refusal.js';
import { announce } from './webhook.js';

/** How long an authorization holds the money. */
const AUTHORIZATION_DAYS = 7;

interface IntentRow {
  seq: number;
  id: string;
  status: 'requires_payment_method' | 'requires_action' | 'requires_capture' | 'succeeded' | 'canceled';
  amount_minor: number;
  currency: string;
  capture_method: 'manual' | 'automatic';
  payment_method: string | null;
  authorized_minor: number;
  captured_minor: number;
  refunded_minor: number;
  capture_before: Date | null;
  error_code: string | null;
  client_secret: string;
  challenge: string | null;
  return_url: string | null;
  metadata: Record<string, string>;
  version: number;
  created_at: Date;
  dispute: string | null;
}

interface RefundRow {
  seq: number;
  id: string;
  intent_id: string;
  amount_minor: number;
  reason: string | null;
  status: 'succeeded' | 'failed';
  metadata: Record<string, string>;
  created_at: Date;
}

const newId = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '')}`;
const columns = `i.*, (SELECT d.status FROM dispute d WHERE d.intent_id = i.id ORDER BY d.created_at DESC LIMIT 1) AS dispute`;

/** The payment intents of the provider and what can happen to them. Each call runs in its caller's transaction. */
export class Intents {
  constructor(private readonly publicUrl: () => string) {}

  async create(
    client: PoolClient,
    wanted: {
      amountMinor: number;
      currency: string;
      captureMethod: 'manual' | 'automatic';
      metadata: Record<string, string>;
    },
  ): Promise<Answer> {
    const id = newId('pi');
    await client.query(
      `INSERT INTO intent (id, status, amount_minor, currency, capture_method, client_secret, metadata)
       VALUES ($1, 'requires_payment_method', $2, $3, $4, $5, $6)`,
      [
        id,
        wanted.amountMinor,
        wanted.currency,
        wanted.captureMethod,
        `${id}_secret_${randomBytes(18).toString('base64url')}`,
        JSON.stringify(wanted.metadata),
      ],
    );
    return { status: 201, body: this.shape(await this.read(client, id)) };
  }

  async confirm(
    client: PoolClient,
    id: string,
    paymentMethod: string,
    returnUrl: string | null,
  ): Promise<Answer> {
    const intent = await this.read(client, id, 'FOR UPDATE');
    if (intent.status !== 'requires_payment_method' && intent.status !== 'requires_action') {
      throw unexpected(intent);
    }
    const card = cardOf(paymentMethod);
    if (!card) throw new Refusal(400, 'payment_method_unknown', 'There is no such test payment method');
    if (card.decline) return this.decline(client, intent, paymentMethod, card.decline);
    if (card.authenticate) {
      await client.query(
        `UPDATE intent SET status = 'requires_action', payment_method = $2, error_code = NULL, challenge = $3,
           return_url = $4, version = version + 1 WHERE id = $1`,
        [id, paymentMethod, randomBytes(18).toString('base64url'), returnUrl],
      );
      const waiting = this.shape(await this.read(client, id));
      await announce(client, 'intent.requires_action', { intent: waiting });
      return { status: 200, body: waiting };
    }
    return this.charge(client, intent, paymentMethod, card);
  }

  /** The guest has answered the bank's question. */
  async authenticate(client: PoolClient, id: string, challenge: string, passed: boolean): Promise<Answer> {
    const intent = await this.read(client, id, 'FOR UPDATE');
    if (intent.challenge !== challenge)
      throw new Refusal(404, 'not_found', 'There is nothing to authenticate here');
    if (intent.status !== 'requires_action') throw unexpected(intent);
    const paymentMethod = intent.payment_method ?? '';
    return passed
      ? this.charge(client, intent, paymentMethod, {})
      : this.decline(client, intent, paymentMethod, 'authentication_failed');
  }

  async capture(client: PoolClient, id: string, amountMinor: number | undefined): Promise<Answer> {
    const intent = await this.read(client, id, 'FOR UPDATE');
    if (intent.status !== 'requires_capture') throw unexpected(intent);
    const amount = amountMinor ?? intent.amount_minor;
    if (amount > intent.authorized_minor) {
      throw new Refusal(400, 'amount_too_large', 'More than is authorized can not be captured');
    }
    if (intent.capture_before && intent.capture_before.getTime() <= Date.now()) {
      return { status: 402, body: await this.lapse(client, id) };
    }
    await this.book(client, intent, 'charge', amount);
    await client.query(
      `UPDATE intent SET status = 'succeeded', captured_minor = $2, version = version + 1 WHERE id = $1`,
      [id, amount],
    );
    return this.captured(client, id, cardOf(intent.payment_method ?? '') ?? {});
  }

  async cancel(client: PoolClient, id: string): Promise<Answer> {
    const intent = await this.read(client, id, 'FOR UPDATE');
    if (intent.status === 'succeeded') throw unexpected(intent);
    if (intent.status !== 'canceled') {
      await client.query(
        `UPDATE intent SET status = 'canceled', challenge = NULL, version = version + 1 WHERE id = $1`,
        [id],
      );
      await announce(client, 'intent.canceled', { intent: this.shape(await this.read(client, id)) });
    }
    return { status: 200, body: this.shape(await this.read(client, id)) };
  }

  async refund(
    client: PoolClient,
    wanted: {
      intentId: string;
      amountMinor: number;
      reason?: string | undefined;
      metadata: Record<string, string>;
    },
  ): Promise<Answer> {
    const intent = await this.read(client, wanted.intentId, 'FOR UPDATE');
    if (intent.status !== 'succeeded') throw unexpected(intent);
    if (intent.refunded_minor + wanted.amountMinor > intent.captured_minor) {
      throw new Refusal(409, 'refund_too_large', 'More than was captured can not be refunded');
    }
    const id = newId('re');
    await client.query(
      `INSERT INTO refund (id, intent_id, amount_minor, reason, status, metadata) VALUES ($1, $2, $3, $4, 'succeeded', $5)`,
      [id, intent.id, wanted.amountMinor, wanted.reason ?? null, JSON.stringify(wanted.metadata)],
    );
    await client.query(
      'UPDATE intent SET refunded_minor = refunded_minor + $2, version = version + 1 WHERE id = $1',
      [intent.id, wanted.amountMinor],
    );
    await this.book(client, intent, 'refund', -wanted.amountMinor);
    const refund = await client.query<RefundRow>('SELECT * FROM refund WHERE id = $1', [id]);
    const body = refundShape(refund.rows[0]);
    await announce(client, 'refund.succeeded', {
      intent: this.shape(await this.read(client, intent.id)),
      refund: body,
    });
    return { status: 201, body };
  }

  /** What the bank decides on an open dispute; a guest may also open one by hand. */
  async dispute(client: PoolClient, id: string, step: 'open' | 'won' | 'lost'): Promise<Answer> {
    const intent = await this.read(client, id, 'FOR UPDATE');
    if (step === 'open') {
      if (intent.status !== 'succeeded' || intent.dispute) throw unexpected(intent);
      await this.openDispute(client, intent);
    } else {
      const closed = await client.query<{ amount_minor: number }>(
        `UPDATE dispute SET status = $2 WHERE intent_id = $1 AND status = 'open' RETURNING amount_minor`,
        [id, step],
      );
      const amount = closed.rows[0]?.amount_minor;
      if (amount === undefined) throw new Refusal(409, 'no_open_dispute', 'There is no open dispute');
      if (step === 'won') await this.book(client, intent, 'dispute_reversal', amount);
      await client.query('UPDATE intent SET version = version + 1 WHERE id = $1', [id]);
      await announce(client, `dispute.${step}`, { intent: this.shape(await this.read(client, id)) });
    }
    return { status: 200, body: this.shape(await this.read(client, id)) };
  }

  /** Lets an authorization run out, as a bank does after some days. */
  async lapse(client: PoolClient, id: string): Promise<object> {
    await this.read(client, id, 'FOR UPDATE');
    await client.query(
      `UPDATE intent SET status = 'canceled', error_code = 'authorization_lapsed', version = version + 1
       WHERE id = $1 AND status = 'requires_capture'`,
      [id],
    );
    const lapsed = this.shape(await this.read(client, id));
    await announce(client, 'intent.canceled', { intent: lapsed });
    return {
      error: { code: 'authorization_lapsed', message: 'The authorization has lapsed', intent: lapsed },
    };
  }

  async get(client: Pick<PoolClient, 'query'>, id: string): Promise<object> {
    return this.shape(await this.read(client, id));
  }

  async list(
    client: Pick<PoolClient, 'query'>,
    filter: { metadata?: Record<string, string> | undefined; after: number; limit: number },
  ): Promise<{ data: object[]; nextAfter: number | null }> {
    const rows = await client.query<IntentRow>(
      `SELECT ${columns} FROM intent i WHERE i.seq > $1 AND ($2::jsonb IS NULL OR i.metadata @> $2) ORDER BY i.seq LIMIT $3`,
      [filter.after, filter.metadata ? JSON.stringify(filter.metadata) : null, filter.limit],
    );
    const last = rows.rows.at(-1);
    return {
      data: rows.rows.map((row) => this.shape(row)),
      nextAfter: rows.rows.length === filter.limit && last ? last.seq : null,
    };
  }

  async refunds(client: Pick<PoolClient, 'query'>, intentId: string): Promise<object[]> {
    const rows = await client.query<RefundRow>('SELECT * FROM refund WHERE intent_id = $1 ORDER BY seq', [
      intentId,
    ]);
    return rows.rows.map(refundShape);
  }

  private async charge(
    client: PoolClient,
    intent: IntentRow,
    paymentMethod: string,
    card: Card,
  ): Promise<Answer> {
    const manual = intent.capture_method === 'manual';
    await client.query(
      `UPDATE intent SET status = $2, payment_method = $3, error_code = NULL, challenge = NULL,
         authorized_minor = amount_minor, captured_minor = CASE WHEN $4 THEN 0 ELSE amount_minor END,
         capture_before = CASE WHEN $4 THEN now() + $5 * interval '1 day' END, version = version + 1 WHERE id = $1`,
      [intent.id, manual ? 'requires_capture' : 'succeeded', paymentMethod, manual, AUTHORIZATION_DAYS],
    );
    if (!manual) {
      await this.book(client, intent, 'charge', intent.amount_minor);
      return this.captured(client, intent.id, card);
    }
    const held = this.shape(await this.read(client, intent.id));
    await announce(client, 'intent.authorized', { intent: held });
    return { status: 200, body: held, silent: card.silent ?? false };
  }

  private async captured(client: PoolClient, id: string, card: Card): Promise<Answer> {
    const intent = await this.read(client, id);
    await announce(client, 'intent.captured', { intent: this.shape(intent) });
    if (card.dispute) await this.openDispute(client, intent);
    return { status: 200, body: this.shape(await this.read(client, id)), silent: card.silent ?? false };
  }

  private async decline(
    client: PoolClient,
    intent: IntentRow,
    paymentMethod: string,
    code: string,
  ): Promise<Answer> {
    await client.query(
      `UPDATE intent SET status = 'requires_payment_method', payment_method = $2, error_code = $3, challenge = NULL,
         version = version + 1 WHERE id = $1`,
      [intent.id, paymentMethod, code],
    );
    const declined = this.shape(await this.read(client, intent.id));
    await announce(client, 'intent.failed', { intent: declined });
    return { status: 402, body: { error: { code, message: 'The payment was declined', intent: declined } } };
  }

  private async openDispute(client: PoolClient, intent: IntentRow): Promise<void> {
    await client.query(
      `INSERT INTO dispute (id, intent_id, amount_minor, status) VALUES ($1, $2, $3, 'open')`,
      [newId('dp'), intent.id, intent.captured_minor],
    );
    await this.book(client, intent, 'dispute', -intent.captured_minor);
    await client.query('UPDATE intent SET version = version + 1 WHERE id = $1', [intent.id]);
    await announce(client, 'dispute.created', { intent: this.shape(await this.read(client, intent.id)) });
  }

  private async book(
    client: PoolClient,
    intent: IntentRow,
    kind: string,
    amountMinor: number,
  ): Promise<void> {
    await client.query(
      'INSERT INTO book_entry (intent_id, kind, amount_minor, currency) VALUES ($1, $2, $3, $4)',
      [intent.id, kind, amountMinor, intent.currency],
    );
  }

  private async read(
    client: Pick<PoolClient, 'query'>,
    id: string,
    lock: '' | 'FOR UPDATE' = '',
  ): Promise<IntentRow> {
    const found = await client.query<IntentRow>(
      `SELECT ${columns} FROM intent i WHERE i.id = $1 ${lock && `${lock} OF i`}`,
      [id],
    );
    const row = found.rows[0];
    if (!row) throw new Refusal(404, 'not_found', 'There is no such payment intent');
    return row;
  }

  private shape(row: IntentRow): object {
    return {
      id: row.id,
      status: row.status,
      amountMinor: row.amount_minor,
      currency: row.currency,
      captureMethod: row.capture_method,
      paymentMethod: row.payment_method,
      authorizedMinor: row.authorized_minor,
      capturedMinor: row.captured_minor,
      refundedMinor: row.refunded_minor,
      captureBefore: row.capture_before,
      errorCode: row.error_code,
      dispute: row.dispute,
      redirectUrl:
        row.status === 'requires_action' && row.challenge
          ? `${this.publicUrl()}/authenticate/${row.id}?challenge=${row.challenge}`
          : null,
      clientSecret: row.client_secret,
      metadata: row.metadata,
      version: row.version,
      createdAt: row.created_at,
    };
  }
}

function refundShape(row: RefundRow | undefined): object {
  if (!row) throw new Error('a refund that was just written is missing');
  return {
    id: row.id,
    intentId: row.intent_id,
    amountMinor: row.amount_minor,
    reason: row.reason,
    status: row.status,
    metadata: row.metadata,
    createdAt: row.created_at,
  };
}

const unexpected = (intent: IntentRow) =>
  new Refusal(409, 'intent_unexpected_state', `The payment intent is ${intent.status}`);
