import type { PoolClient } from 'pg';
import { insertBookEntry } from './book.queries.js';
import { type OpenDispute, toDisputeView } from './dispute.dto.js';
import {
  closeDispute,
  type DisputeFilter,
  findDispute,
  insertDispute,
  listDisputes,
  reviewDispute,
  withdrawnByDisputes,
} from './dispute.queries.js';
import { type Client, incrementVersion, type IntentRow, readIntent } from './intent.queries.js';
import { Rejection } from './rejection.js';
import { enqueueWebhook, type WebhookType } from './webhook.js';

export type DisputeStep = 'open' | 'review' | 'won' | 'lost';

/** The disputes of the guests' banks. Each method runs in its caller's transaction. */
export class DisputeService {
  constructor(private readonly viewIntent: (client: Client, id: string) => Promise<object>) {}

  /** Opens a dispute by hand, or advances the open one. */
  async advance(
    client: PoolClient,
    intentId: string,
    step: DisputeStep,
    request: OpenDispute,
  ): Promise<void> {
    const intent = await readIntent(client, intentId, 'FOR UPDATE');
    switch (step) {
      case 'open':
        if (intent.status !== 'succeeded' || intent.dispute === 'open') {
          throw new Rejection(409, 'intent_unexpected_state', `The payment intent is ${intent.status}`);
        }
        await this.open(client, intent, request);
        break;
      case 'review':
        await this.publish(client, intentId, 'dispute.updated', await reviewDispute(client, intentId));
        break;
      case 'won':
      case 'lost': {
        const closed = await closeDispute(client, intentId, step);
        if (closed && step === 'won') {
          await insertBookEntry(client, intent, 'dispute_reversal', closed.amount_minor);
        }
        await this.publish(client, intentId, `dispute.${step}`, closed);
        break;
      }
    }
  }

  /** The bank withdraws the amount until it has decided. */
  async open(client: PoolClient, intent: IntentRow, { amountMinor, reason }: OpenDispute): Promise<void> {
    const rest =
      intent.captured_minor - intent.refunded_minor - (await withdrawnByDisputes(client, intent.id));
    const amount = amountMinor ?? rest;
    if (amount < 1) throw new Rejection(409, 'nothing_to_dispute', 'The whole amount has been returned');
    const id = await insertDispute(client, intent, { amountMinor: amount, reason });
    await insertBookEntry(client, intent, 'dispute', -amount);
    await this.publish(client, intent.id, 'dispute.created', { id });
  }

  /** Throws if a refund is not possible because of the intent's disputes. */
  async requireRefundable(client: Client, intent: IntentRow, amountMinor: number): Promise<void> {
    if (intent.dispute === 'open') {
      throw new Rejection(409, 'charge_disputed', 'The payment is disputed');
    }
    const withdrawn = await withdrawnByDisputes(client, intent.id);
    if (intent.refunded_minor + withdrawn + amountMinor > intent.captured_minor) {
      throw new Rejection(409, 'refund_too_large', 'The refunds exceed the captured amount');
    }
  }

  /** Throws 404 for an unknown dispute. */
  async get(client: Client, id: string): Promise<object> {
    const row = await findDispute(client, id);
    if (!row) throw new Rejection(404, 'not_found', 'No such dispute');
    return toDisputeView(row);
  }

  /** Newest first. */
  async list(client: Client, filter: DisputeFilter): Promise<{ data: object[]; nextBefore: number | null }> {
    const rows = await listDisputes(client, filter);
    const last = rows.at(-1);
    return {
      data: rows.map(toDisputeView),
      nextBefore: rows.length === filter.limit && last ? last.seq : null,
    };
  }

  private async publish(
    client: PoolClient,
    intentId: string,
    type: WebhookType,
    dispute: { id: string } | undefined,
  ): Promise<void> {
    if (!dispute) throw new Rejection(409, 'no_open_dispute', 'There is no open dispute');
    await incrementVersion(client, intentId);
    await enqueueWebhook(client, type, {
      intent: await this.viewIntent(client, intentId),
      dispute: await this.get(client, dispute.id),
    });
  }
}
