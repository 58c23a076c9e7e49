import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { freshDatabase, sourceOptions } from '@roost/testing';

export const WEBHOOK_SECRET = 'a-webhook-secret-of-the-specs';

const program = fileURLToPath(new URL('../../sandbox/test/sandbox-host.ts', import.meta.url));

export interface SandboxIntent {
  id: string;
  status: string;
  capturedMinor: number;
  refundedMinor: number;
  authorizedMinor: number;
  dispute: string | null;
  metadata: { paymentId: string; bookingId: string };
}

/** The process of the sandbox providers of all specs of a worker. */
let host: ChildProcess | null = null;

function sandboxHost(): ChildProcess {
  if (host?.connected) return host;
  host = fork(program, {
    execArgv: sourceOptions,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  // The worker does not wait for it, and it ends with the worker.
  host.unref();
  host.channel?.unref();
  return host;
}

/** The address of a new provider. */
async function startedBy(process: ChildProcess, id: string, databaseUrl: string): Promise<string> {
  const started = new Promise<string>((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`the sandboxes ended with exit code ${code}`));
    const onMessage = (message: { id: string; url?: string; error?: string }) => {
      if (message.id !== id) return;
      process.off('message', onMessage).off('exit', onExit);
      if (message.url === undefined) reject(new Error(`the sandbox has not started: ${message.error}`));
      else resolve(message.url);
    };
    process.on('message', onMessage).once('exit', onExit);
  });
  const start = {
    port: 0,
    databaseUrl,
    webhookSecret: WEBHOOK_SECRET,
    // Not a listener: each spec sets its own URL by the switches.
    webhookUrl: 'http://127.0.0.1:9/none',
  };
  process.send({ id, start });
  return await started;
}

/** The real sandbox provider with its own database, in another process: payments reaches it by HTTP only. */
export async function startSandboxProcess() {
  const id = randomUUID();
  const process = sandboxHost();
  const url = await startedBy(process, id, await freshDatabase('roost_sandbox'));

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
    stop: () => new Promise<void>((resolve) => process.send({ id, stop: true }, () => resolve())),
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
