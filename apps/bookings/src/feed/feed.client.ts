import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { Agent, type Dispatcher, request } from 'undici';
import { timeoutSignal } from '@roost/platform';
import { ACCEPTED_CODINGS, decodeContent, MAX_BYTES } from './content-coding.js';
import { hostOf, portOf, readFeedUrl } from './domain/feed-url.js';
import { FeedNetwork } from './feed-network.js';

export type FetchProblem =
  | 'url_not_allowed'
  | 'unreachable'
  | 'timed_out'
  | 'too_large'
  | 'too_many_redirects'
  | 'http_error'
  | 'cut_short';

/** The validators that the server sent with the content, for the next request. */
export interface Validators {
  etag: string | null;
  lastModified: string | null;
}

export type FetchResult =
  | { kind: 'content'; bytes: Buffer; validators: Validators }
  | { kind: 'unchanged' }
  | { kind: 'failed'; problem: FetchProblem; status?: number };

const TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 5;
const MAX_VALIDATOR_LENGTH = 500;

class FetchError extends Error {
  constructor(
    readonly problem: FetchProblem,
    readonly status?: number,
  ) {
    super(problem);
  }
}

/**
 * Fetches a calendar from an untrusted server. Each hop is resolved once, all its addresses have to be public, and the
 * connection is made to the checked addresses, so a later change of the name has no effect. At most 5 MiB decompressed, 10 s
 * in total, 5 redirects.
 */
@Injectable()
export class FeedClient {
  constructor(private readonly network: FeedNetwork) {}

  /** Does not throw for failures of the server. Throws when `stop` is aborted. */
  async fetch(address: string, validators: Validators, stop: AbortSignal): Promise<FetchResult> {
    const timeout = timeoutSignal(TIMEOUT_MS);
    const signal = AbortSignal.any([timeout, stop]);
    try {
      return await this.follow(address, validators, signal);
    } catch (error) {
      stop.throwIfAborted();
      if (error instanceof FetchError) return failed(error.problem, error.status);
      return failed(timeout.aborted || isTimeout(error) ? 'timed_out' : 'unreachable');
    }
  }

  private async follow(address: string, validators: Validators, signal: AbortSignal): Promise<FetchResult> {
    let url = parse(address);
    for (let redirects = 0; ; redirects += 1) {
      const agent = await this.agentFor(url, signal);
      try {
        const response = await request(url, { dispatcher: agent, signal, headers: headersFor(validators) });
        const { statusCode } = response;
        const { location } = response.headers;
        if (statusCode === 304) return { kind: 'unchanged' };
        if (statusCode === 200) return await contentOf(response, signal);
        if (!REDIRECTS.has(statusCode) || typeof location !== 'string')
          throw new FetchError('http_error', statusCode);
        if (redirects === MAX_REDIRECTS) throw new FetchError('too_many_redirects');
        url = parse(location, url);
      } finally {
        // Discards the rest of the response.
        await agent.destroy();
      }
    }
  }

  /** The agent connects only to the addresses that are checked here. */
  private async agentFor(url: URL, signal: AbortSignal): Promise<Agent> {
    const addresses = await abortable(signal, this.network.resolve(hostOf(url)));
    const port = portOf(url);
    if (addresses.length === 0 || !addresses.every((each) => this.network.allows(each, port))) {
      throw new FetchError('url_not_allowed');
    }
    const checked = addresses.map((address) => ({ address, family: isIP(address) }));
    return new Agent({
      connections: 1,
      pipelining: 0,
      connect: {
        timeout: TIMEOUT_MS / 2,
        lookup: (_host, options, done) => {
          const [first] = checked;
          if (options.all) done(null, checked);
          else done(null, first?.address ?? '', first?.family);
        },
      },
    });
  }
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

function parse(address: string, base?: URL): URL {
  const url = readFeedUrl(address, base);
  if (typeof url === 'string') throw new FetchError('url_not_allowed');
  return url;
}

const headersFor = ({ etag, lastModified }: Validators): Record<string, string> => ({
  'user-agent': 'Roost calendar import',
  accept: 'text/calendar, text/plain;q=0.5, */*;q=0.1',
  'accept-encoding': ACCEPTED_CODINGS,
  ...(etag === null ? {} : { 'if-none-match': etag }),
  ...(lastModified === null ? {} : { 'if-modified-since': lastModified }),
});

async function contentOf(
  { headers, body }: Dispatcher.ResponseData,
  signal: AbortSignal,
): Promise<FetchResult> {
  if (Number(headers['content-length'] ?? 0) > MAX_BYTES) throw new FetchError('too_large');
  const received = await receive(body, signal);
  const bytes = await decodeContent(received, String(headers['content-encoding'] ?? ''));
  if (bytes === 'too_large') throw new FetchError('too_large');
  if (bytes === 'invalid') throw new FetchError('cut_short');
  const validators = { etag: validator(headers.etag), lastModified: validator(headers['last-modified']) };
  return { kind: 'content', bytes, validators };
}

async function receive(body: Readable, signal: AbortSignal): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  const collect = async (source: AsyncIterable<Buffer>) => {
    for await (const part of source) {
      size += part.length;
      if (size > MAX_BYTES) throw new FetchError('too_large');
      parts.push(part);
    }
  };
  try {
    await pipeline(body, collect, { signal });
  } catch (error) {
    if (error instanceof FetchError || signal.aborted) throw error;
    throw new FetchError('cut_short'); // The connection ended early.
  }
  return Buffer.concat(parts);
}

const validator = (header: string | string[] | undefined): string | null =>
  typeof header === 'string' && header.length <= MAX_VALIDATOR_LENGTH ? header : null;

const failed = (problem: FetchProblem, status?: number): FetchResult => ({
  kind: 'failed',
  problem,
  ...(status === undefined ? {} : { status }),
});

const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  /TIMEOUT|ETIMEDOUT/.test(String(error.code));

/** A DNS look-up can't be aborted, so only the wait for it ends. */
async function abortable<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    work.then(resolve, reject);
  });
}
