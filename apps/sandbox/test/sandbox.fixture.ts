import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { freshDatabase } from '@roost/testing';
import { startSandbox } from '../src/service.js';

export const SECRET = 'a-secret-of-the-specs-only';

export interface ReceivedWebhook {
  signature: string;
  raw: string;
  event: { id: string; type: string; data: { intent: Intent } };
}

export interface Intent {
  id: string;
  status: string;
  amountMinor: number;
  authorizedMinor: number;
  capturedMinor: number;
  refundedMinor: number;
  redirectUrl: string | null;
  errorCode: string | null;
  dispute: string | null;
  captureBefore: string | null;
  clientSecret: string;
}

export interface ApiResponse<T> {
  status: number;
  headers: Headers;
  body: T;
}

/** A sandbox with its own database and a recipient of its webhooks. `webhookStatus`: the recipient's response. */
export async function aSandbox(options: { webhookStatus?: () => number } = {}) {
  const received: ReceivedWebhook[] = [];
  const recipient = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const raw = Buffer.concat(parts).toString();
      received.push({
        raw,
        signature: String(incoming.headers['sandbox-signature']),
        event: JSON.parse(raw) as ReceivedWebhook['event'],
      });
      outgoing.writeHead(options.webhookStatus?.() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => recipient.listen(0, '127.0.0.1', resolve));
  const databaseUrl = await freshDatabase('sandbox');
  const webhookUrl = `http://127.0.0.1:${(recipient.address() as AddressInfo).port}/hook`;
  const start = () => startSandbox({ port: 0, databaseUrl, webhookUrl, webhookSecret: SECRET });
  let running = await start();

  async function request<T = Intent>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiResponse<T>> {
    const response = await fetch(running.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json');
    return {
      status: response.status,
      headers: response.headers,
      body: (json ? JSON.parse(text) : text) as T,
    };
  }

  return {
    received,
    request,
    get url() {
      return running.url;
    },
    post: <T = Intent>(path: string, body?: unknown, headers?: Record<string, string>) =>
      request<T>('POST', path, body, headers),
    get: <T = Intent>(path: string) => request<T>('GET', path),
    anIntent: async (captureMethod: 'manual' | 'automatic' = 'automatic', amountMinor = 10_000) =>
      (
        await request('POST', '/v1/payment-intents', {
          amountMinor,
          currency: 'USD',
          captureMethod,
          metadata: { paymentId: randomUUID() },
        })
      ).body,
    books: async (id: string) =>
      (
        await request<{ data: { kind: string; amountMinor: number }[] }>('GET', `/v1/books/${id}`)
      ).body.data.map(({ kind, amountMinor }) => [kind, amountMinor]),
    restart: async () => {
      await running.close();
      running = await start();
    },
    close: async () => {
      await running.close();
      await new Promise((resolve) => recipient.close(resolve));
    },
  };
}

export type Sandbox = Awaited<ReturnType<typeof aSandbox>>;
