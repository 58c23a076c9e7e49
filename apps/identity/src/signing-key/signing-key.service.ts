import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { AuditLog } from '@roost/audit';
import { Transactions } from '@roost/messaging';
import { KeySource } from '@roost/http';
import { CONFIG, Encryption, Metrics, scrapedGauges, StartError, SystemClock } from '@roost/platform';
import type { IdentityConfig } from '../config.js';
import { publishedKeysAt, isRotationDue, rotationTimes, signingKeyAt } from './domain/key-schedule.js';
import { type PublicJwk, SigningKey } from './signing-key.entity.js';
import { lockSigningKeys } from './signing-key.queries.js';

const MIN_BITS = 2048;
/** After this time a replica reads keys that another replica created; far shorter than the lead time of a key. */
const RELOAD_AFTER_MS = 30_000;
const ENCRYPTION_CONTEXT = 'signing_key.private_sealed';

/** The RS256 keys that sign access tokens, and the key set with their public halves. */
@Injectable()
export class SigningKeyService implements OnModuleInit {
  #keys: SigningKey[] = [];
  #loadedAt = 0;
  readonly #privateKeys = new Map<string, KeyObject>();

  constructor(
    private readonly transactions: Transactions,
    private readonly encryption: Encryption,
    private readonly clock: SystemClock,
    private readonly keySource: KeySource,
    private readonly auditLog: AuditLog,
    @Inject(CONFIG) private readonly config: IdentityConfig,
    { registry }: Metrics,
  ) {
    scrapedGauges(registry, () => this.ageSeconds(), [
      {
        name: 'roost_signing_key_age_seconds',
        help: 'Seconds since the key that signs access tokens became active',
        of: (seconds) => seconds,
      },
    ]);
  }

  async onModuleInit(): Promise<void> {
    if (this.config.JWT_PRIVATE_KEY) await this.publishConfigured(this.config.JWT_PRIVATE_KEY);
    else await this.createFirst();
    await this.load();
    await this.verifyUsable();
    this.keySource.readFrom(() => this.published());
  }

  /** Returns the key that signs now. */
  async current(): Promise<{ kid: string; privateKey: KeyObject }> {
    await this.loadIfStale();
    const now = this.clock.now();
    const usable = this.#keys.filter((key) => this.privateKeyOf(key) !== undefined);
    const key = signingKeyAt(usable, now);
    const privateKey = key && this.privateKeyOf(key);
    if (!key || !privateKey) throw new Error('There is no key that can sign access tokens');
    return { kid: key.kid, privateKey };
  }

  private async ageSeconds(): Promise<number> {
    await this.loadIfStale();
    const now = this.clock.now();
    const key = signingKeyAt(this.#keys, now);
    return key ? (now.getTime() - key.activeFrom.getTime()) / 1000 : Number.NaN;
  }

  /** Returns the key set. */
  async published(): Promise<{ keys: PublicJwk[] }> {
    await this.loadIfStale();
    return { keys: publishedKeysAt(this.#keys, this.clock.now()).map((key) => key.publicJwk) };
  }

  /** Creates the next key if the current one is due for rotation. A configured key is not rotated. */
  async rotateWhenDue(): Promise<void> {
    if (this.config.JWT_PRIVATE_KEY) return;
    await this.exclusively(async (em, keys) => {
      const now = this.clock.now();
      if (isRotationDue(keys, now)) await this.addNext(em, keys, rotationTimes(now));
    });
    await this.load();
  }

  /**
   * Creates the next key, for the operator of Roost. It signs after its lead time, in which every service reads it. `atOnce` is for a key that others
   * may have: the new key signs now, the others leave the key set, and every access token must be refreshed.
   */
  async rotate({ atOnce = false } = {}): Promise<void> {
    const now = this.clock.now();
    const times = atOnce ? { activeFrom: now, retireOthersAt: now } : rotationTimes(now);
    await this.exclusively(async (em, keys) => {
      if (atOnce) for (const key of keys) key.retireAt = now;
      const kid = await this.addNext(em, keys, times);
      await this.auditLog.record(em, {
        ...{ actor: 'command line', action: 'signing_key.rotate', details: { atOnce } },
        subject: { type: 'signing_key', id: kid },
      });
    });
    await this.load();
  }

  private async verifyUsable(): Promise<void> {
    try {
      await this.current();
    } catch (cause) {
      throw new StartError(
        'The stored signing keys cannot be decrypted: ENCRYPTION_KEY differs from the key that encrypted them.',
        { cause },
      );
    }
  }

  private async addNext(
    em: EntityManager,
    keys: SigningKey[],
    { activeFrom, retireOthersAt }: ReturnType<typeof rotationTimes>,
  ): Promise<string> {
    const now = this.clock.now();
    for (const key of publishedKeysAt(keys, now)) key.retireAt ??= retireOthersAt;
    const next = em.create(SigningKey, { ...(await this.generate()), createdAt: now, activeFrom });
    em.persist(next);
    return next.kid;
  }

  private async createFirst(): Promise<void> {
    await this.exclusively(async (em, keys) => {
      const now = this.clock.now();
      if (keys.some((key) => key.privateSealed && publishedKeysAt([key], now).length > 0)) return;
      em.persist(em.create(SigningKey, { ...(await this.generate()), createdAt: now, activeFrom: now }));
    });
  }

  /** Publishes the configured key. Earlier keys stay published until their tokens have expired. */
  private async publishConfigured(pem: string): Promise<void> {
    const privateKey = readPrivateKey(pem);
    const publicJwk = publicJwkOf(privateKey);
    this.#privateKeys.set(publicJwk.kid, privateKey);
    await this.exclusively(async (em, keys) => {
      const now = this.clock.now();
      const stored = keys.find((key) => key.kid === publicJwk.kid);
      for (const key of publishedKeysAt(keys, now)) {
        if (key !== stored) key.retireAt ??= rotationTimes(now).retireOthersAt;
      }
      if (stored)
        Object.assign(stored, { activeFrom: stored.retireAt ? now : stored.activeFrom, retireAt: null });
      else
        em.persist(em.create(SigningKey, { kid: publicJwk.kid, publicJwk, createdAt: now, activeFrom: now }));
    });
  }

  private async generate(): Promise<Pick<SigningKey, 'kid' | 'publicJwk' | 'privateSealed'>> {
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: MIN_BITS });
    const publicJwk = publicJwkOf(privateKey);
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { kid: publicJwk.kid, publicJwk, privateSealed: this.encryption.encrypt(pem, ENCRYPTION_CONTEXT) };
  }

  private exclusively(work: (em: EntityManager, keys: SigningKey[]) => Promise<void>): Promise<void> {
    return this.transactions.run(
      async (em) => {
        await lockSigningKeys(em);
        await work(em, await em.find(SigningKey, {}));
        await em.flush();
      },
      { isolation: 'read committed' },
    );
  }

  private async loadIfStale(): Promise<void> {
    if (this.clock.now().getTime() - this.#loadedAt > RELOAD_AFTER_MS) await this.load();
  }

  private async load(): Promise<void> {
    this.#keys = await this.transactions.run((em) =>
      em.find(SigningKey, {}, { orderBy: { activeFrom: 'asc', kid: 'asc' } }),
    );
    this.#loadedAt = this.clock.now().getTime();
  }

  private privateKeyOf(key: SigningKey): KeyObject | undefined {
    const cached = this.#privateKeys.get(key.kid);
    if (cached || !key.privateSealed || this.config.JWT_PRIVATE_KEY) return cached;
    const decrypted = createPrivateKey(this.encryption.decrypt(key.privateSealed, ENCRYPTION_CONTEXT));
    this.#privateKeys.set(key.kid, decrypted);
    return decrypted;
  }
}

function readPrivateKey(pem: string): KeyObject {
  const sentence = `JWT_PRIVATE_KEY is not allowed: it must be an RSA private key of at least ${MIN_BITS} bits in PEM.`;
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new StartError(sentence, { cause });
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < MIN_BITS) throw new StartError(sentence);
  return key;
}

function publicJwkOf(privateKey: KeyObject): PublicJwk {
  const { kty = '', n = '', e = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const kid = createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url');
  return { kty, kid, use: 'sig', alg: 'RS256', n, e };
}
