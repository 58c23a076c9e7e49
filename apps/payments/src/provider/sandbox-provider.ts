import { callOut } from '@roost/http';
import { hmac, sameSecret } from '@roost/platform';
import type { Tracing } from '@roost/tracing';
import { z } from 'zod';
import {
  ProviderRefusal,
  ProviderUnavailable,
  type PaymentProvider,
  type ProviderIntent,
  type ProviderRefund,
  type ProviderWebhook,
} from './provider.port.js';

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
  amountMinor: z.int(),
  status: z.enum(['succeeded', 'failed']),
  metadata: z.record(z.string(), z.string()),
});
const Refused = z.object({
  error: z.object({ code: z.string(), message: z.string(), intent: Intent.optional() }),
});
const Webhook = z.object({
  id: z.string().min(1).max(200),
  type: z.string().min(1).max(200),
  data: z.unknown(),
});
const About = z.object({
  intent: z.object({ id: z.string().min(1).max(200), metadata: z.record(z.string(), z.string()) }),
});

const statuses = {
  requires_payment_method: 'open',
  requires_action: 'action',
  requires_capture: 'authorized',
  succeeded: 'captured',
  canceled: 'canceled',
} as const;

const KNOWN_TYPE = /^(intent|refund|dispute)\./;
const SIGNATURE = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/;
const SIGNATURE_LIFETIME_SECONDS = 300;
const PAGE = 100;
/** A call that got no answer is repeated at once with its key; what is still unclear then is left to recovery. */
const TRIES = 2;

const Known = z.object({ paymentId: z.uuid() });

function toIntent(body: unknown): ProviderIntent {
  const intent = Intent.parse(body);
  const noted = Known.safeParse(intent.metadata);
  return {
    ref: intent.id,
    paymentId: noted.success ? noted.data.paymentId : null,
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
    amountMinor: refund.amountMinor,
    status: refund.status,
  };
}

function templateOf(path: string): string {
  return path.replace(/\?.*$/, '').replace(/^(\/v1\/payment-intents)\/[^/]+/, '$1/{id}');
}

/** The sandbox provider over HTTP: the same care as with a real one. */
export class SandboxProvider implements PaymentProvider {
  readonly name = 'sandbox';
  readonly capabilities = { manualCapture: true, idempotentRefunds: true, serverConfirmation: true };

  constructor(
    private readonly options: {
      url: string;
      webhookSecret: string;
      timeoutSeconds: number;
      tracing: Tracing;
    },
  ) {}

  async create(wanted: Parameters<PaymentProvider['create']>[0]): Promise<ProviderIntent> {
    return toIntent(
      await this.post('/v1/payment-intents', wanted.key, {
        amountMinor: wanted.amountMinor,
        currency: wanted.currency,
        captureMethod: wanted.capture,
        metadata: { paymentId: wanted.paymentId, bookingId: wanted.bookingId },
      }),
    );
  }

  async confirm(wanted: { key: string; ref: string; paymentMethod: string }): Promise<ProviderIntent> {
    const body = { paymentMethod: wanted.paymentMethod };
    return toIntent(await this.post(`${this.path(wanted.ref)}/confirm`, wanted.key, body));
  }

  async capture(wanted: { key: string; ref: string; amountMinor: number }): Promise<ProviderIntent> {
    const body = { amountMinor: wanted.amountMinor };
    return toIntent(await this.post(`${this.path(wanted.ref)}/capture`, wanted.key, body));
  }

  async cancel(wanted: { key: string; ref: string }): Promise<ProviderIntent> {
    return toIntent(await this.post(`${this.path(wanted.ref)}/cancel`, wanted.key, {}));
  }

  async refund(wanted: Parameters<PaymentProvider['refund']>[0]): Promise<ProviderRefund> {
    return toRefund(
      await this.post('/v1/refunds', wanted.key, {
        intentId: wanted.ref,
        amountMinor: wanted.amountMinor,
        reason: wanted.reason,
        metadata: { refundId: wanted.refundId },
      }),
    );
  }

  async find(ref: string): Promise<ProviderIntent> {
    return toIntent(await this.get(this.path(ref)));
  }

  async findByPayment(paymentId: string): Promise<ProviderIntent | null> {
    const found = await this.page(`metadata=paymentId:${paymentId}`);
    return found.data[0] ?? null;
  }

  async refunds(ref: string): Promise<ProviderRefund[]> {
    const body = await this.get(`${this.path(ref)}/refunds`);
    return z
      .object({ data: z.array(z.unknown()) })
      .parse(body)
      .data.map(toRefund);
  }

  async *all(): AsyncIterable<ProviderIntent> {
    let after: number | null = 0;
    while (after !== null) {
      const next: { data: ProviderIntent[]; nextAfter: number | null } = await this.page(
        `limit=${PAGE}&after=${after}`,
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
    if (!sameSecret(signature, expected)) return null;
    if (Math.abs(now.getTime() / 1_000 - Number(time)) > SIGNATURE_LIFETIME_SECONDS) return null;
    const webhook = Webhook.parse(JSON.parse(rawBody.toString()));
    // Types that are not known may carry anything.
    const about = KNOWN_TYPE.test(webhook.type) ? About.parse(webhook.data).intent : undefined;
    const noted = Known.safeParse(about?.metadata);
    return {
      id: webhook.id,
      type: webhook.type,
      ref: about?.id ?? null,
      paymentId: noted.success ? noted.data.paymentId : null,
    };
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
      const answer = await callOut(this.options.tracing, call, async (headers, answered) => {
        const response = await fetch(url, {
          ...init,
          headers: { ...init.headers, ...headers },
          signal: AbortSignal.timeout(this.options.timeoutSeconds * 1_000),
        });
        answered(response.status);
        return { status: response.status, body: (await response.json()) as unknown };
      });
      ({ status, body } = answer);
    } catch (cause) {
      throw new ProviderUnavailable('The sandbox provider gave no answer', { cause });
    }
    if (status < 400) return body;
    if (status >= 500 || status === 429)
      throw new ProviderUnavailable(`The sandbox provider answered ${status}`);
    const { error } = Refused.parse(body);
    throw new ProviderRefusal(
      error.code,
      error.message,
      status === 402,
      error.intent ? toIntent(error.intent) : null,
    );
  }
}
