import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsClient } from 'aws4fetch';
import type { Logger } from 'pino';
import type { FileStoreConfig } from '../config/base-config.js';
import { StartError } from '../config/read-config.js';
import { storageFull, unavailable } from '../errors/problem.js';
import { startTimer, timeoutSignal } from '../timing/timer.js';
import { checkFileKey, FileStore, type StoredFile } from './file-store.js';

/** For one request with its body and its repetitions. */
const TIMEOUT_MS = 10_000;
const REPEATS = 2;
const PAUSE_MS = 100;
const PROBE_EVERY_MS = 2_000;

/** A response other than the expected ones, in words for an operator. */
class S3Error extends Error {
  override readonly name = 'S3Error';
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`${status} ${code}`);
  }
}

/** `FILE_STORE=s3` stores files as objects of a bucket, under the name of the service. */
export class S3FileStore extends FileStore {
  readonly #client: AwsClient;
  readonly #root: URL;
  #failing = false;
  #closed = false;
  #cancelProbe: () => void = () => undefined;

  constructor(
    private readonly service: string,
    private readonly config: FileStoreConfig,
    private readonly logger: Logger,
  ) {
    super();
    this.#root = rootOf(config, service);
    this.#client = new AwsClient({
      accessKeyId: config.S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: config.S3_SECRET_ACCESS_KEY ?? '',
      ...(config.S3_SESSION_TOKEN === undefined ? {} : { sessionToken: config.S3_SESSION_TOKEN }),
      service: 's3',
      region: config.S3_REGION,
    });
  }

  /** False after a call that failed, until one succeeds. */
  get isAvailable(): boolean {
    return !this.#failing;
  }

  /** Writes, reads and deletes an object. Throws a `StartError` that says what to correct. */
  async checkAtStart(): Promise<void> {
    try {
      await this.#probe();
    } catch (error) {
      throw new StartError(`${this.service} can't store files in ${this.#place}: ${reasonOf(error)}.`, {
        cause: error,
      });
    }
  }

  async put(key: string, content: Buffer | Readable): Promise<void> {
    checkFileKey(key);
    const body = Buffer.isBuffer(content) ? content : await buffer(content);
    await this.#attempt(() => this.#put(key, body));
  }

  /** The whole object is read first, so that an outage is an error and no file that ends in the middle. */
  async get(key: string): Promise<StoredFile | null> {
    checkFileKey(key);
    const content = await this.#attempt(() => this.#get(key));
    return content && { stream: Readable.from([content]), sizeBytes: content.length };
  }

  async delete(key: string): Promise<void> {
    checkFileKey(key);
    await this.#attempt(() => this.#delete(key));
  }

  override close(): void {
    this.#closed = true;
    this.#cancelProbe();
  }

  async #put(key: string, body: Buffer): Promise<void> {
    const sha256 = createHash('sha256').update(body).digest('hex');
    await this.#request('PUT', key, {
      body: new Uint8Array(body),
      headers: { 'x-amz-content-sha256': sha256 },
    });
  }

  async #get(key: string): Promise<Buffer | null> {
    try {
      return await this.#request('GET', key);
    } catch (error) {
      if (error instanceof S3Error && error.code === 'NoSuchKey') return null;
      throw error;
    }
  }

  async #delete(key: string): Promise<void> {
    await this.#request('DELETE', key);
  }

  /** Repeats a call that S3 could not answer, within one time limit. Each call has the same effect if it is repeated. */
  async #request(method: string, key: string, init: RequestInit = {}): Promise<Buffer> {
    const signal = timeoutSignal(TIMEOUT_MS);
    for (let repeats = 0; ; repeats++) {
      try {
        return await this.#call(new URL(key, this.#root), { ...init, method }, signal);
      } catch (error) {
        const isLasting = error instanceof S3Error && error.status < 500 && error.status !== 429;
        if (isLasting || signal.aborted || repeats === REPEATS) throw error;
        await delay(Math.random() * PAUSE_MS * 2 ** repeats);
      }
    }
  }

  async #call(url: URL, init: RequestInit, signal: AbortSignal): Promise<Buffer> {
    const request = await this.#client.sign(url.href, init);
    // Given to fetch: the signal of a request that is collected as garbage aborts nothing.
    const response = await fetch(request, { signal, redirect: 'error' });
    const body = Buffer.from(await response.arrayBuffer());
    if (response.ok) return body;
    throw new S3Error(
      response.status,
      /<Code>(\w+)<\/Code>/.exec(body.toString())?.[1] ?? response.statusText,
    );
  }

  async #probe(): Promise<void> {
    const key = `probe-${randomUUID()}`;
    await this.#put(key, Buffer.from(key));
    await this.#get(key);
    await this.#delete(key);
  }

  /** Throws a problem with status 503 for every failure: the request was correct. */
  async #attempt<T>(call: () => Promise<T>): Promise<T> {
    try {
      const result = await call();
      this.#recovered();
      return result;
    } catch (error) {
      this.#failed(error);
      const isFull = error instanceof S3Error && error.status === 507;
      throw Object.assign(isFull ? storageFull() : unavailable('The file store does not respond'), {
        cause: error,
      });
    }
  }

  #failed(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    this.logger.error(
      { reason: reasonOf(error), place: this.#place },
      'files can be neither stored nor read until S3 accepts requests again',
    );
    this.#scheduleProbe();
  }

  #recovered(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#cancelProbe();
    this.logger.info({ place: this.#place }, 'S3 accepts requests again');
  }

  #scheduleProbe(): void {
    if (this.#closed) return;
    const probe = () =>
      this.#probe().then(
        () => this.#recovered(),
        () => this.#scheduleProbe(),
      );
    this.#cancelProbe = startTimer(PROBE_EVERY_MS, () => void probe(), { keepAlive: false });
  }

  get #place(): string {
    return `bucket ${this.config.S3_BUCKET ?? ''} at ${this.config.S3_ENDPOINT ?? ''}`;
  }
}

function rootOf({ S3_ENDPOINT, S3_BUCKET, S3_PATH_STYLE }: FileStoreConfig, service: string): URL {
  const root = new URL(S3_ENDPOINT ?? '');
  const path = root.pathname.replace(/\/$/, '');
  if (S3_PATH_STYLE === 'off') root.hostname = `${S3_BUCKET}.${root.hostname}`;
  root.pathname = S3_PATH_STYLE === 'off' ? `${path}/${service}/` : `${path}/${S3_BUCKET}/${service}/`;
  return root;
}

const UNKNOWN_KEY = 'the key is unknown; check S3_ACCESS_KEY_ID';
const HINTS: Readonly<Record<string, string>> = {
  NoSuchBucket: 'the bucket does not exist; create it, or correct S3_BUCKET',
  InvalidAccessKeyId: UNKNOWN_KEY,
  // of versitygw
  XAdminUserNotFound: UNKNOWN_KEY,
  SignatureDoesNotMatch: 'the secret is wrong; check S3_SECRET_ACCESS_KEY',
  AccessDenied: 'the key may not write, read and delete objects of the bucket',
  ExpiredToken: 'the session has expired; renew S3_SESSION_TOKEN and its keys',
  InvalidToken: 'the session is not valid; check S3_SESSION_TOKEN',
  AuthorizationHeaderMalformed: 'the region is wrong; check S3_REGION',
  RequestTimeTooSkewed: 'the clock of this machine is wrong',
};

function reasonOf(error: unknown): string {
  if (error instanceof S3Error) return HINTS[error.code] ?? `S3 answers ${error.message}`;
  const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
  if (name === 'TimeoutError' || name === 'AbortError') return `no answer within ${TIMEOUT_MS / 1000} s`;
  const detail = cause?.code ?? cause?.message ?? message;
  return `no connection (${detail}); check S3_ENDPOINT`;
}
