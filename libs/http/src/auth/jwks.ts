import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { z } from 'zod';
import { unavailable } from '@roost/platform';

const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });
const RsaKey = z.looseObject({
  kty: z.literal('RSA'),
  kid: z.string().min(1),
  n: z.string(),
  e: z.string(),
  use: z.literal('sig').optional(),
  alg: z.literal('RS256').optional(),
});

const MIN_MODULUS_BITS = 2048;
const MAX_BYTES = 100_000;
const TIMEOUT_MS = 3_000;
const REFRESH_MS = 5 * 60_000;
/** An unknown key makes us look again, but not more often than this. */
const MIN_PAUSE_MS = 1_000;

/** The keys that access tokens may be signed with. Keeps the last good set for as long as no newer one can be had. */
export class KeySource {
  #keys: ReadonlyMap<string, KeyObject> = new Map();
  #fetching: Promise<void> | null = null;
  #lastFetch = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #read: () => Promise<unknown>;
  /** A data: URL can't change. */
  #fixed: boolean;
  /** Told when the set has changed: verified tokens must be looked at again. */
  onChange: () => void = () => undefined;

  constructor(
    url: string,
    private readonly logger: Logger,
  ) {
    this.#read = async () => JSON.parse(await load(url)) as unknown;
    this.#fixed = url.startsWith('data:');
  }

  /** The service that makes the keys reads its own set without a call. */
  readFrom(read: () => Promise<unknown>): void {
    this.#read = read;
    this.#fixed = false;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#refresh(), REFRESH_MS).unref();
  }

  /**
   * One try before the first request, so that a replica that says it is ready can verify tokens. Whoever makes the keys
   * may not be up yet: then the first token asks again.
   */
  async warm(): Promise<void> {
    await this.#refresh(true);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  /** The key of this id; `null` when nobody knows it. */
  key(id: string): KeyObject | Promise<KeyObject | null> {
    return this.#keys.get(id) ?? this.#look(id);
  }

  async #look(id: string): Promise<KeyObject | null> {
    if (this.#keys.size > 0 && this.#fixed) return null;
    const since = performance.now() - this.#lastFetch;
    if (!this.#fetching && since < MIN_PAUSE_MS) await delay(MIN_PAUSE_MS - since);
    await this.#refresh();
    const key = this.#keys.get(id);
    if (!key && this.#keys.size === 0)
      throw unavailable('The keys that access tokens are signed with can not be had');
    return key ?? null;
  }

  #refresh(quiet = false): Promise<void> {
    this.#fetching ??= this.#fetch(quiet).finally(() => {
      this.#lastFetch = performance.now();
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #fetch(quiet: boolean): Promise<void> {
    try {
      const keys = usableKeys(await this.#read());
      if (keys.size === 0) throw new Error('no usable key in the set');
      const same =
        keys.size === this.#keys.size && [...keys].every(([id, key]) => this.#keys.get(id)?.equals(key));
      if (same) return;
      this.#keys = keys;
      this.onChange();
    } catch (error) {
      if (quiet) return;
      this.logger.warn({ reason: (error as Error).message, kept: this.#keys.size }, 'key set not refreshed');
    }
  }
}

async function load(url: string): Promise<string> {
  if (url.startsWith('file:')) return readFile(new URL(url), 'utf8');
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const text = await answer.text();
  if (text.length > MAX_BYTES) throw new Error('too large');
  return text;
}

/** RSA keys for RS256 of a decent size; anything else in the set is left alone. */
function usableKeys(set: unknown): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const candidate of KeySet.parse(set).keys) {
    const jwk = RsaKey.safeParse(candidate);
    if (!jwk.success) continue;
    const { kid, kty, n, e } = jwk.data;
    const key = createPublicKey({ key: { kty, n, e }, format: 'jwk' });
    if ((key.asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_MODULUS_BITS) keys.set(kid, key);
  }
  return keys;
}
