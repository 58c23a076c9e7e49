import { tracedFetch } from '@roost/http';
import { timeoutSignal } from '@roost/platform';
import type { Tracing } from '@roost/tracing';
import { z } from 'zod';
import { patiently } from '../patiently.js';
import { type ProviderListFilter, ProviderRejection, ProviderUnavailable } from '../provider.port.js';
import { ErrorBody, rejectionCode } from './paystack-errors.js';

const Envelope = z.object({ status: z.literal(true), data: z.unknown() });
const PAGE_SIZE = 100;

interface PaystackRequest<T> {
  path: string;
  /** The shape of `data` in the response. */
  schema: z.ZodType<T>;
  /** With a body, the request is a POST. */
  body?: object;
  /** The time-out of a whole call of the port, which may make several requests. */
  deadline?: AbortSignal;
}

/** The path of a list with the parameter for its filter. */
export const filtered = (path: string, { createdSince = null }: ProviderListFilter = {}): string =>
  createdSince === null ? path : `${path}?from=${createdSince.toISOString()}`;

interface PaystackResponse {
  status: number;
  body: unknown;
}

function templateOf(path: string): string {
  return path
    .replace(/\?.*$/, '')
    .replace(/\/verify\/[^/]+$/, '/verify/{reference}')
    .replace(/\/\d+$/, '/{id}');
}

/** The text may be an error page of a proxy. Its content gets into no log: the errors of `JSON.parse` quote it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Paystack's REST API. No request is repeated here: the refunds of Paystack have no idempotency key. */
export class PaystackClient {
  constructor(
    private readonly options: { url: string; secretKey: string; timeoutSeconds: number; tracing: Tracing },
  ) {}

  /** A time-out for the requests of one call of the port. It is shorter than the lease of an operation. */
  deadline(): AbortSignal {
    return timeoutSignal(this.options.timeoutSeconds * 1_000);
  }

  async request<T>({ path, schema, body, deadline = this.deadline() }: PaystackRequest<T>): Promise<T> {
    const method = body === undefined ? 'GET' : 'POST';
    const call = `${method} ${templateOf(path)}`;
    const response = await this.send(path, method, body, deadline);
    const failure = this.failureOf(call, response);
    if (failure) throw failure;
    const envelope = Envelope.safeParse(response.body);
    const data = schema.safeParse(envelope.data?.data);
    if (!data.success) throw new ProviderUnavailable(`Paystack responded to ${call} in an unknown format`);
    return data.data;
  }

  /** All entries of a list, page by page. Without a time-out of the whole list, a page is read several times if necessary. */
  async *list<T>(path: string, schema: z.ZodType<T>, deadline?: AbortSignal): AsyncIterable<T> {
    const separator = path.includes('?') ? '&' : '?';
    for (let page = 1; ; page += 1) {
      const request = {
        path: `${path}${separator}perPage=${PAGE_SIZE}&page=${page}`,
        schema: z.array(schema),
      };
      const entries = deadline
        ? await this.request({ ...request, deadline })
        : await patiently(() => this.request(request));
      yield* entries;
      if (entries.length < PAGE_SIZE) return;
    }
  }

  private failureOf(call: string, { status, body }: PaystackResponse): Error | null {
    // A wrong or revoked key is repaired by an operator. Until then nothing has happened at Paystack.
    const isUnclear = status >= 500 || [401, 403, 408, 429].includes(status);
    if (isUnclear) return new ProviderUnavailable(`Paystack responded to ${call} with ${status}`);
    const error = ErrorBody.safeParse(body);
    if (error.success) {
      const code = rejectionCode(status, error.data);
      return new ProviderRejection(code, `Paystack rejected ${call}: ${code}`, false);
    }
    return status >= 300 ? new ProviderUnavailable(`Paystack responded to ${call} with ${status}`) : null;
  }

  private async send(
    path: string,
    method: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<PaystackResponse> {
    const url = this.options.url + path;
    const call = { peer: 'paystack', method, url, route: templateOf(path) };
    const headers: Record<string, string> = { authorization: `Bearer ${this.options.secretKey}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    try {
      return await tracedFetch(this.options.tracing, call, async (_headers, responded) => {
        // Without our tracing headers: they are for our own services.
        const response = await fetch(url, {
          method,
          headers,
          body: body === undefined ? null : JSON.stringify(body),
          redirect: 'error',
          signal,
        });
        responded(response.status);
        return { status: response.status, body: parseJson(await response.text()) };
      });
    } catch (cause) {
      throw new ProviderUnavailable(`Paystack did not respond to ${method} ${templateOf(path)}`, { cause });
    }
  }
}
