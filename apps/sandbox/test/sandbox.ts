import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { freshDatabase } from '@roost/testing';
import { startSandbox } from '../src/service.js';

export const SECRET = 'a-secret-of-the-specs-only';

export interface Heard {
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

export interface Answered<T> {
  status: number;
  headers: Headers;
  body: T;
}

/** A sandbox of its own with somebody who hears its webhooks. */
export async function aSandbox(options: { answer?: () => number } = {}) {
  const heard: Heard[] = [];
  const listener = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const raw = Buffer.concat(parts).toString();
      heard.push({
        raw,
        signature: String(request.headers['sandbox-signature']),
        event: JSON.parse(raw) as Heard['event'],
      });
      response.writeHead(options.answer?.() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const databaseUrl = await freshDatabase('sandbox');
  const webhookUrl = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/hook`;
  const start = () => startSandbox({ port: 0, databaseUrl, webhookUrl, webhookSecret: SECRET });
  let running = await start();

  async function ask<T = Intent>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answered<T>> {
    const answer = await fetch(running.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = answer.headers.get('content-type')?.includes('json');
    return { status: answer.status, headers: answer.headers, body: (json ? JSON.parse(text) : text) as T };
  }

  return {
    heard,
    types: () => heard.map((one) => one.event.type),
    ask,
    get url() {
      return running.url;
    },
    post: <T = Intent>(path: string, body?: unknown, headers?: Record<string, string>) =>
      ask<T>('POST', path, body, headers),
    get: <T = Intent>(path: string) => ask<T>('GET', path),
    anIntent: async (captureMethod: 'manual' | 'automatic' = 'automatic', amountMinor = 10_000) =>
      (
        await ask('POST', '/v1/payment-intents', {
          amountMinor,
          currency: 'USD',
          captureMethod,
          metadata: { paymentId: randomUUID() },
        })
      ).body,
    books: async (id: string) =>
      (await ask<{ data: { kind: string; amountMinor: number }[] }>('GET', `/v1/books/${id}`)).body.data.map(
        ({ kind, amountMinor }) => [kind, amountMinor],
      ),
    restart: async () => {
      await running.close();
      running = await start();
    },
    close: async () => {
      await running.close();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

export type Sandbox = Awaited<ReturnType<typeof aSandbox>>;

export async function until(condition: () => boolean | Promise<boolean>, seconds = 10): Promise<void> {
  const deadline = performance.now() + seconds * 1_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('what was waited for did not happen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
