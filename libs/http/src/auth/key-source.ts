import { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import type { Logger } from 'pino';
import { timeoutSignal, unavailable } from '@roost/platform';

type KeySet = ReturnType<typeof createLocalJWKSet>;

const MIN_MODULUS_BITS = 2048;
const MAX_BYTES = 100_000;
const MAX_KEYS = 100;
const FETCH_TIMEOUT_MS = 3_000;
const REFRESH_INTERVAL_MS = 5 * 60_000;
/** An unknown key id triggers a fetch, at most one per this interval. */
const MIN_FETCH_INTERVAL_MS = 1_000;
/** Until a set is held, readiness triggers a fetch, at most one per this interval. */
const MIN_CHECK_INTERVAL_MS = 100;

/**
 * The public keys that verify access tokens: a JSON Web Key Set, refreshed in the background.
 * If a fetch fails, the last valid set stays in use (ADR 18).
 */
export class KeySource {
  #keySet: KeySet | null = null;
  #fetching: Promise<void> | null = null;
  #lastFetch = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  /** The reason of the last failure that was logged, until a fetch succeeds. */
  #loggedReason: string | null = null;
  #read: () => Promise<unknown>;
  /** The content of a data: URL is constant. */
  #constant: boolean;
  /** Called when the set has changed: tokens verified before must be verified again. */
  onChange: () => void = () => undefined;

  constructor(
    url: string,
    private readonly logger: Logger,
  ) {
    this.#read = async () => JSON.parse(await load(url)) as unknown;
    this.#constant = url.startsWith('data:');
  }

  /** Reads the set from a function instead of the URL: the service that creates the keys needs no HTTP call. */
  readFrom(read: () => Promise<unknown>): void {
    this.#read = read;
    this.#constant = false;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#refresh(), REFRESH_INTERVAL_MS).unref();
  }

  /**
   * Fetches the set once before the first request. A failure is not logged: identity may start later, and the next fetch
   * is triggered by `check` or by a token.
   */
  async warm(): Promise<void> {
    await this.#refresh(true);
  }

  /** Throws as long as no set was ever fetched. A later fetch that fails is no error: the last valid set verifies tokens. */
  async check(): Promise<void> {
    if (this.#keySet) return;
    if (this.#fetching || performance.now() - this.#lastFetch >= MIN_CHECK_INTERVAL_MS) await this.#refresh();
    if (!this.#keySet) throw new Error('no key set was fetched');
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  /**
   * The RS256 key with this id, or `null`. An unknown id waits for the next fetch, so that no token fails during a key
   * rotation. Throws 503 `service.unavailable` as long as no set was ever fetched.
   */
  async key(id: string): Promise<KeyObject | null> {
    const key = await this.#find(id);
    if (key || (this.#keySet && this.#constant)) return key;
    const elapsed = performance.now() - this.#lastFetch;
    if (!this.#fetching && elapsed < MIN_FETCH_INTERVAL_MS) await delay(MIN_FETCH_INTERVAL_MS - elapsed);
    await this.#refresh();
    if (!this.#keySet) throw unavailable('The keys that verify access tokens are not available');
    return this.#find(id);
  }

  async #find(id: string): Promise<KeyObject | null> {
    try {
      if (!this.#keySet) return null;
      const key = KeyObject.from(await this.#keySet({ alg: 'RS256', kid: id }));
      return (key.asymmetricKeyDetails?.modulusLength ?? 0) < MIN_MODULUS_BITS ? null : key;
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey))
        this.logger.warn({ reason: (error as Error).message }, 'key of the key set not usable');
      return null;
    }
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
      const set = (await this.#read()) as JSONWebKeySet;
      const next = createLocalJWKSet(set);
      if (set.keys.length > MAX_KEYS) throw new Error(`more than ${MAX_KEYS} keys`);
      if (!set.keys.some(({ kty }) => kty === 'RSA')) throw new Error('no RSA key in the set');
      this.#loggedReason = null;
      if (JSON.stringify(set) === JSON.stringify(this.#keySet?.jwks())) return;
      this.#keySet = next;
      this.onChange();
    } catch (error) {
      const reason = (error as Error).message;
      if (quiet || reason === this.#loggedReason) return;
      this.#loggedReason = reason;
      this.logger.warn({ reason, kept: this.#keySet?.jwks().keys.length ?? 0 }, 'key set not refreshed');
    }
  }
}

async function load(url: string): Promise<string> {
  if (url.startsWith('file:')) return readFile(new URL(url), 'utf8');
  const response = await fetch(url, { signal: timeoutSignal(FETCH_TIMEOUT_MS), redirect: 'error' });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const text = await response.text();
  if (text.length > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} characters`);
  return text;
}
