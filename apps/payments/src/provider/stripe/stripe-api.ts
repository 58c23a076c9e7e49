import { randomUUID } from 'node:crypto';
import { tracedFetch } from '@roost/http';
import type { Tracing } from '@roost/tracing';
import Stripe from 'stripe';
import type { patiently } from '../patiently.js';
import { type ProviderListFilter, ProviderRejection } from '../provider.port.js';
import { toStripeAmount } from './domain/stripe-amount.js';
import { isReplayedError, toProviderError } from './stripe-errors.js';

export interface StripeOptions {
  url: string;
  secretKey: string;
  /** Several while the secret is rotated. */
  webhookSecrets: readonly string[];
  timeoutSeconds: number;
  tracing: Tracing;
}

/** A page of a list of Stripe's API. */
interface Page {
  data: { id: string }[];
  has_more: boolean;
}

interface PageRequest {
  limit: number;
  starting_after?: string;
}

const PAGE_SIZE = 100;
/** A call without a response is repeated once with the same key. Recovery retries an outcome that is still unclear. */
const RETRIES = 1;

/** Span names must not contain ids. */
const templateOf = (pathname: string) => pathname.replace(/\/(?:pi|re|du|dp|tr|ch)_[^/]+/g, '/{id}');

/** Calls Stripe's API with its library. Every error is one of the port's errors. */
export class StripeApi {
  private readonly stripe: Stripe;

  constructor({ url, secretKey, timeoutSeconds, tracing }: StripeOptions) {
    const { protocol, hostname, port } = new URL(url);
    this.stripe = new Stripe(secretKey, {
      protocol: protocol === 'http:' ? 'http' : 'https',
      host: hostname,
      port: port || (protocol === 'http:' ? 80 : 443),
      timeout: Math.ceil(timeoutSeconds * 1_000),
      maxNetworkRetries: RETRIES,
      telemetry: false,
      appInfo: { name: 'Roost' },
      httpClient: Stripe.createFetchHttpClient(this.tracedFetch(tracing)),
    });
  }

  /** Sends one request and parses the response. */
  async call<T>(parse: (body: unknown) => T, send: (stripe: Stripe) => Promise<unknown>): Promise<T> {
    try {
      return parse(await send(this.stripe));
    } catch (error) {
      throw toProviderError(error);
    }
  }

  /**
   * As `call`, for a request that changes a state only once, whatever its key is. If Stripe returns the stored error of an
   * earlier request with this key, it is sent again with a new key.
   */
  async callOnce<T>(
    key: string,
    parse: (body: unknown) => T,
    send: (stripe: Stripe, key: string) => Promise<unknown>,
    isRepeatable = isReplayedError,
  ): Promise<T> {
    return this.call(parse, async (stripe) => {
      try {
        return await send(stripe, key);
      } catch (error) {
        if (!isRepeatable(error)) throw error;
        return send(stripe, `${key}:${randomUUID()}`);
      }
    });
  }

  /** All objects of a list, page by page. `run` reads a page. */
  async *list<T>(
    parse: (body: unknown) => T,
    send: (stripe: Stripe, page: PageRequest) => Promise<Page>,
    run: typeof patiently = (read) => read(),
  ): AsyncIterable<T> {
    const read = (body: unknown) => {
      const { data, has_more } = body as Page;
      return { items: data.map(parse), last: has_more ? data.at(-1)?.id : undefined };
    };
    const page: PageRequest = { limit: PAGE_SIZE };
    for (;;) {
      const { items, last } = await run(() => this.call(read, (stripe) => send(stripe, { ...page })));
      yield* items;
      if (last === undefined) return;
      page.starting_after = last;
    }
  }

  /** No tracing headers are sent: Stripe is no part of the system. */
  private tracedFetch(tracing: Tracing): typeof fetch {
    return (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const call = { peer: 'stripe', method: init?.method ?? 'GET', url, route: templateOf(url.pathname) };
      return tracedFetch(tracing, call, async (_headers, onStatus) => {
        const response = await fetch(url, { ...init, redirect: 'error' });
        onStatus(response.status);
        const text = await response.text();
        const { status, headers } = response;
        // The library never returns from a response that is JSON, but no object. It reports an empty one as invalid.
        return new Response(/^\s*\{/.test(text) ? text : '', { status, headers });
      });
    };
  }
}

/** The parameter of Stripe's lists, in seconds. */
export const createdFilter = ({ createdSince = null }: ProviderListFilter = {}) =>
  createdSince === null ? {} : { created: { gte: Math.floor(createdSince.getTime() / 1_000) } };

/** The amount for Stripe's API. Rejects an amount that Stripe would round, before it is sent. */
export function amountFor({ amountMinor, currency }: { amountMinor: number; currency: string }) {
  const amount = toStripeAmount(amountMinor, currency);
  if (amount !== null) return { amount, currency: currency.toLowerCase() };
  throw new ProviderRejection(
    'amount_precision_unsupported',
    `Stripe cannot charge, refund or transfer this amount in ${currency} without rounding it`,
    false,
  );
}
