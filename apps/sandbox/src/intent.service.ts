import { randomBytes } from 'node:crypto';
import type { PoolClient } from 'pg';
import { insertBookEntry } from './book.queries.js';
import { requireChargeable } from './chargeable-amount.js';
import { OpenDispute } from './dispute.dto.js';
import { DisputeService, type DisputeStep } from './dispute.service.js';
import type { ApiResponse } from './idempotency.js';
import { type ConfirmIntent, type CreateIntent, toIntentView, toRefundView } from './intent.dto.js';
import {
  cancelIntent,
  captureIntent,
  chargeIntent,
  type Client,
  declineIntent,
  insertIntent,
  type IntentFilter,
  type IntentRow,
  lapseIntent,
  listIntents,
  newId,
  readIntent,
  requireAction,
} from './intent.queries.js';
import { insertRefund, listRefunds, type NewRefund, returnRefund } from './refund.queries.js';
import { Rejection } from './rejection.js';
import { type TestCard, testCardOf } from './test-card.js';
import { enqueueWebhook } from './webhook.js';

const newSecret = () => randomBytes(18).toString('base64url');

/** The payment intents of the provider. Each method runs in its caller's transaction. */
export class IntentService {
  readonly disputes = new DisputeService((client, id) => this.get(client, id));

  constructor(private readonly publicUrl: () => string) {}

  async create(client: PoolClient, request: CreateIntent): Promise<ApiResponse> {
    requireChargeable(request.amountMinor, request.currency);
    const id = newId('pi');
    await insertIntent(client, { id, clientSecret: `${id}_secret_${newSecret()}`, ...request });
    return { status: 201, body: await this.get(client, id) };
  }

  async confirm(client: PoolClient, id: string, request: ConfirmIntent): Promise<ApiResponse> {
    const { paymentMethod, returnUrl = null } = request;
    const intent = await readIntent(client, id, 'FOR UPDATE');
    if (intent.status !== 'requires_payment_method' && intent.status !== 'requires_action') {
      throw unexpectedState(intent);
    }
    const card = testCardOf(paymentMethod);
    if (!card) throw new Rejection(400, 'payment_method_unknown', 'No such test payment method');
    if (card.decline) return this.decline(client, intent, paymentMethod, card.decline);
    if (!card.authenticate) return this.charge(client, intent, paymentMethod, card);
    await requireAction(client, id, { paymentMethod, challenge: newSecret(), returnUrl });
    const body = await this.get(client, id);
    await enqueueWebhook(client, 'intent.requires_action', { intent: body });
    return { status: 200, body };
  }

  /** The guest has approved or declined the payment at the bank. */
  async authenticate(
    client: PoolClient,
    id: string,
    challenge: string,
    approved: boolean,
  ): Promise<ApiResponse> {
    const intent = await readIntent(client, id, 'FOR UPDATE');
    if (intent.challenge !== challenge) throw noChallenge();
    if (intent.status !== 'requires_action') throw unexpectedState(intent);
    const paymentMethod = intent.payment_method ?? '';
    return approved
      ? this.charge(client, intent, paymentMethod, {})
      : this.decline(client, intent, paymentMethod, 'authentication_failed');
  }

  async capture(client: PoolClient, id: string, amountMinor: number | undefined): Promise<ApiResponse> {
    const intent = await readIntent(client, id, 'FOR UPDATE');
    if (intent.status !== 'requires_capture') throw unexpectedState(intent);
    const amount = amountMinor ?? intent.amount_minor;
    if (amount > intent.authorized_minor) {
      throw new Rejection(400, 'amount_too_large', 'The amount exceeds the authorized amount');
    }
    requireChargeable(amount, intent.currency);
    if (intent.capture_before && intent.capture_before.getTime() <= Date.now()) {
      return { status: 402, body: await this.lapse(client, id) };
    }
    await insertBookEntry(client, intent, 'charge', amount);
    await captureIntent(client, id, amount);
    return this.finishCapture(client, id, testCardOf(intent.payment_method ?? '') ?? {});
  }

  async cancel(client: PoolClient, id: string): Promise<ApiResponse> {
    const intent = await readIntent(client, id, 'FOR UPDATE');
    if (intent.status === 'succeeded') throw unexpectedState(intent);
    if (intent.status !== 'canceled') {
      await cancelIntent(client, id);
      await enqueueWebhook(client, 'intent.canceled', { intent: await this.get(client, id) });
    }
    return { status: 200, body: await this.get(client, id) };
  }

  async refund(client: PoolClient, request: NewRefund): Promise<ApiResponse> {
    const intent = await readIntent(client, request.intentId, 'FOR UPDATE');
    if (intent.status !== 'succeeded') throw unexpectedState(intent);
    await this.disputes.requireRefundable(client, intent, request.amountMinor);
    requireChargeable(request.amountMinor, intent.currency);
    const body = toRefundView(await insertRefund(client, request));
    await insertBookEntry(client, intent, 'refund', -request.amountMinor);
    await enqueueWebhook(client, 'refund.succeeded', {
      intent: await this.get(client, intent.id),
      refund: body,
    });
    return { status: 201, body };
  }

  /** The guest's bank returns a paid refund, as it does days later if the card or account is closed. */
  async returnRefund(client: PoolClient, id: string): Promise<object> {
    const refund = await returnRefund(client, id);
    if (!refund) throw new Rejection(409, 'refund_unexpected_state', 'There is no such paid refund');
    const body = toRefundView(refund);
    await insertBookEntry(client, await readIntent(client, refund.intent_id), 'refund', refund.amount_minor);
    const intent = await this.get(client, refund.intent_id);
    await enqueueWebhook(client, 'refund.failed', { intent, refund: body });
    return body;
  }

  /** Opens a dispute by hand, or advances the open one. */
  async dispute(
    client: PoolClient,
    id: string,
    step: DisputeStep,
    request: OpenDispute,
  ): Promise<ApiResponse> {
    await this.disputes.advance(client, id, step, request);
    return { status: 200, body: await this.get(client, id) };
  }

  /** Lets an authorization lapse, as a bank does after some days. Returns the error of a later capture. */
  async lapse(client: PoolClient, id: string): Promise<object> {
    await readIntent(client, id, 'FOR UPDATE');
    await lapseIntent(client, id);
    const intent = await this.get(client, id);
    await enqueueWebhook(client, 'intent.canceled', { intent });
    return { error: { code: 'authorization_lapsed', message: 'The authorization has lapsed', intent } };
  }

  async get(client: Client, id: string) {
    return toIntentView(await readIntent(client, id), this.publicUrl());
  }

  async list(client: Client, filter: IntentFilter): Promise<{ data: object[]; nextAfter: number | null }> {
    const rows = await listIntents(client, filter);
    const last = rows.at(-1);
    return {
      data: rows.map((row) => toIntentView(row, this.publicUrl())),
      nextAfter: rows.length === filter.limit && last ? last.seq : null,
    };
  }

  async refunds(client: Client, intentId: string): Promise<object[]> {
    return (await listRefunds(client, intentId)).map(toRefundView);
  }

  private async charge(
    client: PoolClient,
    intent: IntentRow,
    paymentMethod: string,
    card: TestCard,
  ): Promise<ApiResponse> {
    await chargeIntent(client, intent, paymentMethod);
    if (intent.capture_method === 'automatic') {
      await insertBookEntry(client, intent, 'charge', intent.amount_minor);
      return this.finishCapture(client, intent.id, card);
    }
    const body = await this.get(client, intent.id);
    await enqueueWebhook(client, 'intent.authorized', { intent: body });
    return { status: 200, body, silent: card.silent ?? false };
  }

  private async finishCapture(client: PoolClient, id: string, card: TestCard): Promise<ApiResponse> {
    await enqueueWebhook(client, 'intent.captured', { intent: await this.get(client, id) });
    if (card.dispute) await this.disputes.open(client, await readIntent(client, id), OpenDispute.parse({}));
    return { status: 200, body: await this.get(client, id), silent: card.silent ?? false };
  }

  private async decline(
    client: PoolClient,
    { id }: IntentRow,
    paymentMethod: string,
    code: string,
  ): Promise<ApiResponse> {
    await declineIntent(client, id, paymentMethod, code);
    const intent = await this.get(client, id);
    await enqueueWebhook(client, 'intent.failed', { intent });
    return { status: 402, body: { error: { code, message: 'The payment was declined', intent } } };
  }
}

export const noChallenge = () => new Rejection(404, 'not_found', 'There is nothing to authenticate here');

const unexpectedState = (intent: IntentRow) =>
  new Rejection(409, 'intent_unexpected_state', `The payment intent is ${intent.status}`);
