import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freshDatabase, sourceOptions } from '@roost/testing';

export const WEBHOOK_SECRET = 'a-webhook-secret-of-the-specs';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface SandboxIntent {
  id: string;
  status: string;
  capturedMinor: number;
  refundedMinor: number;
  authorizedMinor: number;
  metadata: { paymentId: string; bookingId: string };
}

/** The real sandbox provider with its own process and database: payments reaches it by HTTP only. */
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
      // Not a listener: each spec sets its own URL by the switches.
      SANDBOX_WEBHOOK_URL: 'http://127.0.0.1:9/none',
    },
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the sandbox ended with exit code ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg, url: listening } = JSON.parse(line) as { msg?: string; url?: string };
      if (msg === 'sandbox provider is listening' && listening) resolve(listening);
    });
  });

  async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(url + path, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    return (response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text) as T;
  }

  return {
    url,
    request,
    env: {
      SANDBOX_URL: url,
      SANDBOX_WEBHOOK_SECRET: WEBHOOK_SECRET,
      PROVIDER_TIMEOUT_SECONDS: '2',
      PAYMENT_CHECK_SECONDS: '1',
    },
    /** How the sandbox delivers webhooks from now on. */
    switches: (switches: object) => request('PUT', '/control/switches', switches),
    /** The faults of the next requests; replaces the planned ones. */
    faults: (...faults: { route: string; kind: string; times?: number }[]) =>
      request('PUT', '/control/faults', faults),
    /** The provider's state of a payment. Fails if it has more than one intent. */
    intentOf: async (paymentId: string): Promise<SandboxIntent> => {
      const intents = await request<{ data: SandboxIntent[] }>(
        'GET',
        `/v1/payment-intents?metadata=paymentId:${paymentId}`,
      );
      expect(intents.data).toHaveLength(1);
      return intents.data[0]!;
    },
    /** The provider's own books of a payment: [kind, amount]. */
    books: async (intentId: string): Promise<[string, number][]> => {
      const entries = await request<{ data: { kind: string; amountMinor: number }[] }>(
        'GET',
        `/v1/books/${intentId}`,
      );
      return entries.data.map(({ kind, amountMinor }) => [kind, amountMinor]);
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Submits the form of the sandbox bank, as the guest does. */
export function submitBankForm(redirectUrl: string | null, outcome: 'approve' | 'refuse'): Promise<Response> {
  const page = new URL(redirectUrl ?? '');
  return fetch(new URL(page.pathname, page), {
    method: 'POST',
    body: new URLSearchParams({ challenge: page.searchParams.get('challenge') ?? '', outcome }),
  });
}

export type SandboxProcess = Awaited<ReturnType<typeof startSandboxProcess>>;
