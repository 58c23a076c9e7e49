import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { Agent, type Dispatcher, request } from 'undici';
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

/** What the server sent with the content, to be sent back the next time. */
export interface Validators {
  etag: string | null;
  lastModified: string | null;
}

export type Fetched =
  | { kind: 'content'; bytes: Buffer; validators: Validators }
  | { kind: 'unchanged' }
  | { kind: 'failed'; problem: FetchProblem; status?: number };

const MOST_BYTES = 5 * 1024 * 1024;
const PATIENCE_MS = 10_000;
const MOST_REDIRECTS = 5;
const LONGEST_VALIDATOR = 500;

class Refused extends Error {
  constructor(
    readonly problem: FetchProblem,
    readonly status?: number,
  ) {
    super(problem);
  }
}

/**
 * Reads a calendar from a stranger's server. Each hop is resolved once, every address it resolves to has to be public, and
 * the connection is made to what was checked: a name that points elsewhere a moment later gains nothing. At most 5 MiB
 * unpacked, 10 s in all, 5 redirects.
 */
@Injectable()
export class FeedClient {
  constructor(private readonly network: FeedNetwork) {}

  /** Never throws for what the other side does. `stop` gives up at once, and does throw. */
  async fetch(address: string, known: Validators, stop: AbortSignal): Promise<Fetched> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    const signal = AbortSignal.any([late, stop]);
    try {
      return await this.follow(address, known, signal);
    } catch (error) {
      stop.throwIfAborted();
      if (error instanceof Refused) return failed(error.problem, error.status);
      return failed(late.aborted || isTimeout(error) ? 'timed_out' : 'unreachable');
    }
  }

  private async follow(address: string, known: Validators, signal: AbortSignal): Promise<Fetched> {
    let url = read(address);
    for (let redirects = 0; ; redirects += 1) {
      const agent = await this.agentFor(url, signal);
      try {
        const answer = await request(url, { dispatcher: agent, signal, headers: headersFor(known) });
        const { statusCode } = answer;
        const { location } = answer.headers;
        if (statusCode === 304) return { kind: 'unchanged' };
        if (statusCode === 200) return await contentOf(answer, signal);
        if (!REDIRECTS.has(statusCode) || typeof location !== 'string')
          throw new Refused('http_error', statusCode);
        if (redirects === MOST_REDIRECTS) throw new Refused('too_many_redirects');
        url = read(location, url);
      } finally {
        // Whatever is still on its way is not wanted.
        await agent.destroy();
      }
    }
  }

  /** Connects to nothing but the addresses that were looked at here. */
  private async agentFor(url: URL, signal: AbortSignal): Promise<Agent> {
    const addresses = await within(signal, this.network.resolve(hostOf(url)));
    const port = portOf(url);
    if (addresses.length === 0 || !addresses.every((each) => this.network.allows(each, port))) {
      throw new Refused('url_not_allowed');
    }
    const checked = addresses.map((address) => ({ address, family: isIP(address) }));
    return new Agent({
      connections: 1,
      pipelining: 0,
      connect: {
        timeout: PATIENCE_MS / 2,
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

function read(address: string, base?: URL): URL {
  const url = readFeedUrl(address, base);
  if (typeof url === 'string') throw new Refused('url_not_allowed');
  return url;
}

const headersFor = ({ etag, lastModified }: Validators): Record<string, string> => ({
  'user-agent': 'Roost calendar import',
  accept: 'text/calendar, text/plain;q=0.5, */*;q=0.1',
  'accept-encoding': 'gzip, deflate, br',
  ...(etag === null ? {} : { 'if-none-match': etag }),
  ...(lastModified === null ? {} : { 'if-modified-since': lastModified }),
});

async function contentOf({ headers, body }: Dispatcher.ResponseData, signal: AbortSignal): Promise<Fetched> {
  if (Number(headers['content-length'] ?? 0) > MOST_BYTES) throw new Refused('too_large');
  const bytes = await unpacked(body, String(headers['content-encoding'] ?? '').toLowerCase(), signal);
  const validators = { etag: validator(headers.etag), lastModified: validator(headers['last-modified']) };
  return { kind: 'content', bytes, validators };
}

/** Counts what comes out, so that a small bomb is stopped before it goes off. */
async function unpacked(body: Readable, encoding: string, signal: AbortSignal): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  const collect = async (source: AsyncIterable<Buffer>) => {
    for await (const part of source) {
      size += part.length;
      if (size > MOST_BYTES) throw new Refused('too_large');
      parts.push(part);
    }
  };
  try {
    if (encoding === '' || encoding === 'identity') await pipeline(body, collect, { signal });
    else await pipeline(body, unpackerFor(encoding), collect, { signal });
  } catch (error) {
    if (error instanceof Refused || signal.aborted) throw error;
    throw new Refused('cut_short'); // The connection ended, or what was packed makes no sense.
  }
  return Buffer.concat(parts);
}

function unpackerFor(encoding: string) {
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip();
  if (encoding === 'deflate') return createInflate();
  if (encoding === 'br') return createBrotliDecompress();
  throw new Refused('cut_short');
}

const validator = (header: string | string[] | undefined): string | null =>
  typeof header === 'string' && header.length <= LONGEST_VALIDATOR ? header : null;

const failed = (problem: FetchProblem, status?: number): Fetched => ({
  kind: 'failed',
  problem,
  ...(status === undefined ? {} : { status }),
});

const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  /TIMEOUT|ETIMEDOUT/.test(String(error.code));

/** A look-up can't be called off, but need not be waited for. */
async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    work.then(resolve, reject);
  });
}
