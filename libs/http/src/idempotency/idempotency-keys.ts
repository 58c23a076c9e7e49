import { createHash, randomUUID } from 'node:crypto';
import { MikroORM } from '@mikro-orm/postgresql';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  Optional,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { Encryption, loggable, type FieldError, Problem, LOGGER } from '@roost/platform';
import type { IdempotencyClaim, RequestContext } from '../context/request-context.js';

export const LEASE_SECONDS = 30;
export const KEPT_HOURS = 24;
const PRUNE_EVERY_MS = 10 * 60_000;
const PRUNED_AT_ONCE = 5_000;

/** Sign-in carries secrets in its answers, and is safe to repeat. */
const NEVER = /^\/v1\/(?:auth|me\/mfa)(?:\/|$)/;
const SEALED = 'idempotency_key.body';
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Not an error: the first answer, sent again. */
export class Replay {
  constructor(
    readonly status: number,
    readonly body: string | null,
  ) {}
}

interface StoredAnswer {
  fingerprint: Buffer;
  status: number | null;
  body: string | null;
}

/** The answers that POSTs got, by user, method, path and `Idempotency-Key`. */
@Injectable()
export class IdempotencyKeys implements OnApplicationBootstrap, OnModuleDestroy {
  #pruning: NodeJS.Timeout | null = null;

  constructor(
    @Optional() @Inject(MikroORM) private readonly orm: MikroORM | null,
    private readonly encryption: Encryption,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.orm) return;
    this.#pruning = setInterval(() => {
      this.prune().catch((error: unknown) =>
        this.logger.warn({ err: loggable(error) }, 'idempotency keys not pruned'),
      );
    }, PRUNE_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    if (this.#pruning) clearInterval(this.#pruning);
  }

  /** Takes the key for this request, or for a part of it; throws the stored answer, or 409, or 422. */
  async claim(context: RequestContext, part?: { path: string; fingerprint: Buffer }): Promise<void> {
    const { request, user } = context;
    const path = part?.path ?? request.url.split('?', 1)[0] ?? request.url;
    if (!this.orm || !user || NEVER.test(path)) return;
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
      sealed: false,
    };
    const fingerprint = part?.fingerprint ?? fingerprintOf(context);
    for (let round = 0; round < 3; round += 1) {
      if (await this.#take(claim, fingerprint)) {
        context.claim = claim;
        return;
      }
      const stored = await this.#read(claim);
      if (!stored) continue; // given back in between
      if (!stored.fingerprint.equals(fingerprint)) throw new Problem('idempotency.key_reused');
      if (stored.status !== null) throw new Replay(stored.status, this.#opened(stored.body));
      break;
    }
    throw new Problem('idempotency.in_progress', undefined, {}, { 'retry-after': '1' });
  }

  /** Stores the answer of a request whose use case did not; gives the key back where the answer may differ next time. */
  async settle(claim: IdempotencyClaim, status: number, body: string | null): Promise<void> {
    if (!this.orm) return;
    const { userId, method, path, key, lease } = claim;
    const keep = status < 500 && status !== 401 && status !== 429;
    const where = 'user_id = ? AND method = ? AND path = ? AND key = ? AND lease = ?';
    const which = [userId, method, path, key, lease];
    if (keep)
      await this.#execute(
        `UPDATE idempotency_key SET status = ?, body = ?, lease = NULL, lease_until = NULL WHERE ${where}`,
        [status, claim.sealed && body !== null ? this.encryption.encrypt(body, SEALED) : body, ...which],
      );
    else await this.#execute(`DELETE FROM idempotency_key WHERE ${where}`, which);
  }

  /** Forgets answers older than a day. */
  async prune(): Promise<void> {
    await this.#execute(
      `DELETE FROM idempotency_key WHERE ctid IN
        (SELECT ctid FROM idempotency_key WHERE created_at < now() - make_interval(hours => ?) LIMIT ?)`,
      [KEPT_HOURS, PRUNED_AT_ONCE],
    );
  }

  async #take({ userId, method, path, key, lease }: IdempotencyClaim, fingerprint: Buffer): Promise<boolean> {
    const rows = await this.#execute<{ key: string }>(
      `INSERT INTO idempotency_key AS k (user_id, method, path, key, fingerprint, lease, lease_until)
       VALUES (?, ?, ?, ?, ?, ?, now() + make_interval(secs => ?))
       ON CONFLICT (user_id, method, path, key) DO UPDATE
         SET fingerprint = excluded.fingerprint, lease = excluded.lease, lease_until = excluded.lease_until,
             status = NULL, body = NULL, created_at = now()
         WHERE (k.status IS NULL AND k.lease_until < now() AND k.fingerprint = excluded.fingerprint)
            OR k.created_at < now() - make_interval(hours => ?)
       RETURNING key`,
      [userId, method, path, key, fingerprint, lease, LEASE_SECONDS, KEPT_HOURS],
    );
    return rows.length === 1;
  }

  async #read({ userId, method, path, key }: IdempotencyClaim): Promise<StoredAnswer | undefined> {
    const rows = await this.#execute<StoredAnswer>(
      'SELECT fingerprint, status, body FROM idempotency_key WHERE user_id = ? AND method = ? AND path = ? AND key = ?',
      [userId, method, path, key],
    );
    return rows[0];
  }

  /** JSON never begins as what is encrypted does. */
  #opened(body: string | null): string | null {
    return body?.startsWith('v1.') ? this.encryption.decrypt(body, SEALED) : body;
  }

  /** Outside any transaction: a claim must be seen at once. */
  async #execute<R>(sql: string, params: unknown[]): Promise<R[]> {
    if (!this.orm) return [];
    return this.orm.em.getConnection().execute<R[]>(sql, params);
  }
}

/** Of the query and the bytes of the body; of an upload those of its file, as the boundary of a form changes with each try. */
function fingerprintOf({ request }: RequestContext): Buffer {
  const query = request.url.indexOf('?');
  return createHash('sha256')
    .update(query < 0 ? '' : request.url.slice(query))
    .update(request.fileHash ?? request.rawBody ?? '')
    .digest();
}
