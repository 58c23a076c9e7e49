import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freshDatabase } from '@roost/testing';

export const WEBHOOK_SECRET = 'a-webhook-secret-of-the-specs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
export const sourceOptions = ['--conditions=@roost/source', '--import', '@swc-node/register/esm-register'];

export interface SandboxIntent {
  id: string;
  status: string;
  capturedMinor: number;
  refundedMinor: number;
  authorizedMinor: number;
  metadata: { paymentId: string; bookingId: string };
}

/** The real sandbox provider, in a process and a database of its own: only HTTP goes between it and payments. */
export async function startSandboxProcess() {
  const child = spawn(process.execPath, [...sourceOptions, 'apps/sandbox/src/main.ts'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      PORT: '0',
      DATABASE_URL: await freshDatabase('roost_sandbox'),
      SANDBOX_WEBHOOK_SECRET: WEBHOOK_SECRET,
      LOG_LEVEL: 'info',
      // Nobody listens there until a spec says where to.
      SANDBOX_WEBHOOK_URL: 'http://127.0.0.1:9/none',
    },
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the sandbox ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg, url: listening } = JSON.parse(line) as { msg?: string; url?: string };
      if (msg === 'sandbox provider is listening' && listening) resolve(listening);
    });
  });

  async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(url + path, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await answer.text();
    return (answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text) as T;
  }

  return {
    url,
    ask,
    env: {
      SANDBOX_URL: url,
      SANDBOX_WEBHOOK_SECRET: WEBHOOK_SECRET,
      PROVIDER_TIMEOUT_SECONDS: '2',
      PAYMENT_CHECK_SECONDS: '1',
    },
    /** How unkind it is from now on. */
    switches: (switches: object) => ask('PUT', '/control/switches', switches),
    faults: (...faults: { route: string; kind: string; times?: number }[]) =>
      ask('PUT', '/control/faults', faults),
    /** The provider's own view of a payment; more than one intent would be one too many. */
    intentOf: async (paymentId: string): Promise<SandboxIntent> => {
      const found = await ask<{ data: SandboxIntent[] }>(
        'GET',
        `/v1/payment-intents?metadata=paymentId:${paymentId}`,
      );
      expect(found.data).toHaveLength(1);
      return found.data[0]!;
    },
    /** The provider's own books of a payment: [kind, amount]. */
    books: async (intentId: string): Promise<[string, number][]> => {
      const found = await ask<{ data: { kind: string; amountMinor: number }[] }>(
        'GET',
        `/v1/books/${intentId}`,
      );
      return found.data.map(({ kind, amountMinor }) => [kind, amountMinor]);
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** What a guest does at the page of the sandbox bank. */
export function answerBank(redirectUrl: string | null, outcome: 'approve' | 'refuse'): Promise<Response> {
  const page = new URL(redirectUrl ?? '');
  return fetch(new URL(page.pathname, page), {
    method: 'POST',
    body: new URLSearchParams({ challenge: page.searchParams.get('challenge') ?? '', outcome }),
  });
}

export type SandboxProcess = Awaited<ReturnType<typeof startSandboxProcess>>;
