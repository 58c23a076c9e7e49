import { tracedFetch } from '@roost/http';
import { hmac, secretsEqual, timeoutSignal } from '@roost/platform';
import type { Tracing } from '@roost/tracing';
import { z } from 'zod';
import { patiently } from './patiently.js';
import {
  ProviderRejection,
  ProviderUnavailable,
  type PaymentProvider,
  type ProviderCapabilities,
  type ProviderIntent,
  type ProviderListFilter,
  type ProviderName,
  type ProviderRefund,
  type ProviderWebhook,
} from './provider.port.js';
import { SandboxDisputes } from './sandbox-disputes.js';
import { SandboxTransfers } from './sandbox-transfers.js';

const Intent = z.object({
  id: z.string(),
  status: z.enum(['requires_payment_method', 'requires_action', 'requires_capture', 'succeeded', 'canceled']),
  amountMinor: z.int(),
  currency: z.string(),
  authorizedMinor: z.int(),
  capturedMinor: z.int(),
  refundedMinor: z.int(),
  captureBefore: z.iso.datetime().nullable(),
  errorCode: z.string().nullable(),
  redirectUrl: z.string().nullable(),
  clientSecret: z.string(),
  metadata: z.record(z.string(), z.string()),
});
const Refund = z.object({
  id: z.string(),
  reason: z.string().nullish(),
  amountMinor: z.int(),
  status: z.enum(['succeeded', 'failed']),
  metadata: z.record(z.string(), z.string()),
});
const ErrorBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), intent: Intent.optional() }),
});
const Webhook = z.object({
  id: z.string().min(1).max(200),
  type: z.string().min(1).max(200),
  account: z.string().max(200).nullish(),
  data: z.unknown(),
});
const Ref = z.string().min(1).max(200);
const WebhookIntent = z.object({
  intent: z.object({
    id: Ref,
    amountMinor: z.int().optional(),
    currency: z.string().max(10).optional(),
    metadata: z.record(z.string(), z.string()),
  }),
});
const WebhookDispute = WebhookIntent.extend({ dispute: z.object({ id: Ref }) });

const WebhookTransfer = z.object({ transfer: z.object({ id: Ref }) });

const statuses = {
  requires_payment_method: 'open',
  requires_action: 'action',
  requires_capture: 'authorized',
  succeeded: 'captured',
  canceled: 'canceled',
} as const;

const SIGNATURE = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/;
const SIGNATURE_LIFETIME_SECONDS = 300;
const PAGE = 100;
/** A call without a response is repeated at once with the same key. Recovery retries an outcome that is still unclear. */
const TRIES = 2;

const PaymentMetadata = z.object({ paymentId: z.uuid() });

function toIntent(body: unknown): ProviderIntent {
  const intent = Intent.parse(body);
  const metadata = PaymentMetadata.safeParse(intent.metadata);
  return {
    ref: intent.id,
    paymentId: metadata.success ? metadata.data.paymentId : null,
    status: statuses[intent.status],
    amountMinor: intent.amountMinor,
    currency: intent.currency,
    authorizedMinor: intent.authorizedMinor,
    capturedMinor: intent.capturedMinor,
    refundedMinor: intent.refundedMinor,
    captureBefore: intent.captureBefore === null ? null : new Date(intent.captureBefore),
    failureCode: intent.errorCode,
    redirectUrl: intent.redirectUrl,
    clientSecret: intent.clientSecret,
  };
}

function toRefund(body: unknown): ProviderRefund {
  const refund = Refund.parse(body);
  return {
    ref: refund.id,
    refundId: refund.metadata.refundId ?? null,
    reason: refund.reason ?? null,
    amountMinor: refund.amountMinor,
    status: refund.status,
  };
}

function templateOf(path: string): string {
  return path
    .replace(/\?.*$/, '')
    .replace(/^(\/v1\/(?:payment-intents|disputes|transfers))\/[^/]+/, '$1/{id}');
}

/** The data of other types has no defined shape. */
function subjectOf({
  type,
  data,
}: z.output<typeof Webhook>): Pick<ProviderWebhook, 'subject' | 'ref' | 'paymentId' | 'reported'> {
  if (type.startsWith('transfer.')) {
    const { transfer } = WebhookTransfer.parse(data);
    return { subject: 'transfer', ref: transfer.id, paymentId: null };
  }
  const isDispute = type.startsWith('dispute.');
  if (!isDispute && !/^(intent|refund)\./.test(type)) return { subject: null, ref: null, paymentId: null };
  const { intent } = WebhookIntent.parse(data);
  const metadata = PaymentMetadata.safeParse(intent.metadata);
  const { amountMinor, currency } = intent;
  return {
    subject: isDispute ? 'dispute' : 'payment',
    ref: isDispute ? WebhookDispute.parse(data).dispute.id : intent.id,
    paymentId: metadata.success ? metadata.data.paymentId : null,
    reported: amountMinor === undefined || currency === undefined ? null : { amountMinor, currency },
  };
}

/** The sandbox provider over HTTP, called like a real provider. */
export class SandboxProvider implements PaymentProvider {
  readonly name: ProviderName = 'sandbox';
  readonly capabilities: ProviderCapabilities = {
    manualCapture: true,
    idempotentRefunds: true,
    serverConfirmation: true,
    latePayments: false,
    currencies: null,
  };
  readonly account = 'acct_sandbox';
  readonly disputes = new SandboxDisputes((path) => this.get(path));
  readonly transfers = new SandboxTransfers({
    get: (path) => this.get(path),
    post: (path, key, body) => this.post(path, key, body),
  });

  constructor(
    private readonly options: {
      url: string;
      webhookSecret: string;
      timeoutSeconds: number;
      tracing: Tracing;
    },
  ) {}

  async create(request: Parameters<PaymentProvider['create']>[0]): Promise<ProviderIntent> {
    return toIntent(
      await this.post('/v1/payment-intents', request.key, {
        amountMinor: request.amountMinor,
        currency: request.currency,
        captureMethod: request.capture,
        metadata: { paymentId: request.paymentId, bookingId: request.bookingId },
      }),
    );
  }

  async confirm(request: Parameters<PaymentProvider['confirm']>[0]): Promise<ProviderIntent> {
    const { paymentMethod, returnUrl } = request;
    const body = { paymentMethod, ...(returnUrl === null ? {} : { returnUrl }) };
    return toIntent(await this.post(`${this.path(request.ref)}/confirm`, request.key, body));
  }

  async capture(request: { key: string; ref: string; amountMinor: number }): Promise<ProviderIntent> {
    const body = { amountMinor: request.amountMinor };
    return toIntent(await this.post(`${this.path(request.ref)}/capture`, request.key, body));
  }

  async cancel(request: { key: string; ref: string }): Promise<ProviderIntent> {
    return toIntent(await this.post(`${this.path(request.ref)}/cancel`, request.key, {}));
  }

  async refund(request: Parameters<PaymentProvider['refund']>[0]): Promise<ProviderRefund> {
    return toRefund(
      await this.post('/v1/refunds', request.key, {
        intentId: request.ref,
        amountMinor: request.amountMinor,
        reason: request.reason,
        metadata: { refundId: request.refundId },
      }),
    );
  }

  async find(ref: string): Promise<ProviderIntent> {
    return toIntent(await this.get(this.path(ref)));
  }

  async findByPayment(paymentId: string): Promise<ProviderIntent | null> {
    const intents = await this.page(`metadata=paymentId:${paymentId}`);
    return intents.data[0] ?? null;
  }

  async refunds(ref: string): Promise<ProviderRefund[]> {
    const body = await this.get(`${this.path(ref)}/refunds`);
    return z
      .object({ data: z.array(z.unknown()) })
      .parse(body)
      .data.map(toRefund);
  }

  async *all({ createdSince = null }: ProviderListFilter = {}): AsyncIterable<ProviderIntent> {
    const since = createdSince === null ? '' : `&createdSince=${createdSince.toISOString()}`;
    let after: number | null = 0;
    while (after !== null) {
      const next: { data: ProviderIntent[]; nextAfter: number | null } = await patiently(() =>
        this.page(`limit=${PAGE}&after=${after}${since}`),
      );
      yield* next.data;
      after = next.nextAfter;
    }
  }

  readWebhook(
    rawBody: Buffer,
    headers: Record<string, string | string[] | undefined>,
    now: Date,
  ): ProviderWebhook | null {
    const [, time, signature] = SIGNATURE.exec(String(headers['sandbox-signature'] ?? '')) ?? [];
    if (time === undefined || signature === undefined) return null;
    const expected = hmac(
      this.options.webhookSecret,
      Buffer.concat([Buffer.from(`${time}.`), rawBody]),
    ).toString('hex');
    if (!secretsEqual(signature, expected)) return null;
    if (Math.abs(now.getTime() / 1_000 - Number(time)) > SIGNATURE_LIFETIME_SECONDS) return null;
    const webhook = Webhook.parse(JSON.parse(rawBody.toString()));
    return { id: webhook.id, type: webhook.type, ...subjectOf(webhook), account: webhook.account ?? null };
  }

  private path(ref: string): string {
    return `/v1/payment-intents/${encodeURIComponent(ref)}`;
  }

  private async page(query: string): Promise<{ data: ProviderIntent[]; nextAfter: number | null }> {
    const body = await this.get(`/v1/payment-intents?${query}`);
    const list = z.object({ data: z.array(z.unknown()), nextAfter: z.int().nullable() }).parse(body);
    return { data: list.data.map(toIntent), nextAfter: list.nextAfter };
  }

  private get(path: string): Promise<unknown> {
    return this.call(path, { method: 'GET' });
  }

  private post(path: string, key: string, body: object): Promise<unknown> {
    return this.call(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
    });
  }

  private async call(path: string, init: RequestInit): Promise<unknown> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.once(path, init, tries);
      } catch (error) {
        if (tries === TRIES || !(error instanceof ProviderUnavailable)) throw error;
      }
    }
  }

  private async once(path: string, init: RequestInit, tries: number): Promise<unknown> {
    let status: number;
    let body: unknown;
    try {
      const url = this.options.url + path;
      const call = { peer: this.name, method: init.method ?? 'GET', url, route: templateOf(path), tries };
      const result = await tracedFetch(this.options.tracing, call, async (headers, responded) => {
        const response = await fetch(url, {
          ...init,
          headers: { ...init.headers, ...headers },
          signal: timeoutSignal(this.options.timeoutSeconds * 1_000),
        });
        responded(response.status);
        return { status: response.status, body: (await response.json()) as unknown };
      });
      ({ status, body } = result);
    } catch (cause) {
      throw new ProviderUnavailable('The sandbox provider did not respond', { cause });
    }
    if (status < 400) return body;
    if (status >= 500 || status === 429)
      throw new ProviderUnavailable(`The sandbox provider responded with ${status}`);
    const { error } = ErrorBody.parse(body);
    throw new ProviderRejection(
      error.code,
      error.message,
      status === 402,
      error.intent ? toIntent(error.intent) : null,
    );
  }
}
