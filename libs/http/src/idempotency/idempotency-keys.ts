import { createHash, randomUUID } from 'node:crypto';
import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  Optional,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { Encryption, type FieldError, Problem, LOGGER } from '@roost/platform';
import type { IdempotencyClaim, RequestContext } from '../context/request-context.js';
import { WITHOUT_IDEMPOTENCY_KEY } from './excluded-paths.js';
import { claimKey, deleteOldKeys, findResponse, releaseKey, storeResponse } from './idempotency.queries.js';

const LEASE_SECONDS = 30;
const RETENTION_HOURS = 24;
const PRUNE_INTERVAL_MS = 10 * 60_000;
const PRUNE_BATCH = 5_000;
const MAX_CLAIM_ATTEMPTS = 3;

const ENCRYPTION_CONTEXT = 'idempotency_key.body';
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Thrown to send the stored response of the first request again. Not an error. */
export class ReplayedResponse {
  constructor(
    readonly status: number,
    readonly body: string | null,
  ) {}
}

/** Changes the body of a stored response before it is sent again. */
export type ReviseReplay = (body: unknown) => Promise<unknown>;

/** Stores the responses of POST requests by user, method, path and `Idempotency-Key`. */
@Injectable()
export class IdempotencyKeys implements OnApplicationBootstrap, OnModuleDestroy {
  #pruneTimer: NodeJS.Timeout | null = null;
  #revise: ReviseReplay | null = null;

  constructor(
    @Optional() @Inject(MikroORM) private readonly orm: MikroORM | null,
    private readonly encryption: Encryption,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.orm) return;
    this.#pruneTimer = setInterval(() => {
      this.prune().catch((error: unknown) => this.logger.warn({ err: error }, 'idempotency keys not pruned'));
    }, PRUNE_INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    if (this.#pruneTimer) clearInterval(this.#pruneTimer);
  }

  /** Revises every encrypted response before it is sent again: a secret in it may have become invalid. */
  reviseReplays(revise: ReviseReplay): void {
    this.#revise = revise;
  }

  /**
   * Claims the key of a request, or of one part of it. Throws `ReplayedResponse` if a response is stored, 409
   * `idempotency.in_progress` or 422 `idempotency.key_reused`.
   */
  async claim(context: RequestContext, part?: { path: string; fingerprint: Buffer }): Promise<void> {
    const { request, user } = context;
    const path = part?.path ?? request.url.split('?', 1)[0] ?? request.url;
    const em = this.#em();
    if (!em || !user || WITHOUT_IDEMPOTENCY_KEY.test(path)) return;
    const key = request.headers['idempotency-key'];
    if (typeof key !== 'string' || !KEY.test(key)) {
      const errors: FieldError[] = [
        { header: 'Idempotency-Key', detail: 'Must have 1 to 255 visible ASCII characters' },
      ];
      throw new Problem('request.invalid', undefined, { errors });
    }
    const claim: IdempotencyClaim = {
      userId: user.id,
      method: request.method,
      path,
      key,
      lease: randomUUID(),
      stored: false,
      encrypted: false,
    };
    const fingerprint = part?.fingerprint ?? fingerprintOf(context);
    const limits = { leaseSeconds: LEASE_SECONDS, retentionHours: RETENTION_HOURS };
    for (let attempt = 0; attempt < MAX_CLAIM_ATTEMPTS; attempt += 1) {
      if (await claimKey(em, claim, fingerprint, limits)) {
        context.claim = claim;
        return;
      }
      const stored = await findResponse(em, claim);
      if (!stored) continue; // released by the other request after the attempt to claim it
      if (!stored.fingerprint.equals(fingerprint)) throw new Problem('idempotency.key_reused');
      if (stored.status !== null) throw new ReplayedResponse(stored.status, await this.#open(stored.body));
      break;
    }
    throw new Problem('idempotency.in_progress', undefined, {}, { 'retry-after': '1' });
  }

  /**
   * Finishes the claim of a request whose use case did not store its response: stores the response, or releases the
   * key if a repeated request may return another response (401, 429 and 5xx).
   */
  async finish(claim: IdempotencyClaim, status: number, body: string | null): Promise<void> {
    const em = this.#em();
    if (!em) return;
    if (status >= 500 || status === 401 || status === 429) return releaseKey(em, claim);
    const storedBody =
      claim.encrypted && body !== null ? this.encryption.encrypt(body, ENCRYPTION_CONTEXT) : body;
    await storeResponse(em, claim, { status, body: storedBody });
  }

  /** Deletes responses that are older than a day. */
  async prune(): Promise<void> {
    const em = this.#em();
    if (em) await deleteOldKeys(em, RETENTION_HOURS, PRUNE_BATCH);
  }

  /** JSON never starts with `v1.`, encrypted values always do. */
  async #open(body: string | null): Promise<string | null> {
    if (!body?.startsWith('v1.')) return body;
    const decrypted = this.encryption.decrypt(body, ENCRYPTION_CONTEXT);
    return this.#revise ? JSON.stringify(await this.#revise(JSON.parse(decrypted))) : decrypted;
  }

  /** Outside of any transaction: other requests must see a claim immediately. */
  #em(): EntityManager | undefined {
    return this.orm?.em.fork({ useContext: false, disableContextResolution: true });
  }
}

/**
 * A hash of the query and the body. Of an upload, only the bytes of the file count: the boundary of the form differs in
 * each request.
 */
function fingerprintOf({ request }: RequestContext): Buffer {
  const query = request.url.indexOf('?');
  return createHash('sha256')
    .update(query < 0 ? '' : request.url.slice(query))
    .update(request.fileHash ?? request.rawBody ?? '')
    .digest();
}
