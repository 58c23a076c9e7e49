import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Transactions } from '@roost/messaging';
import { KeySource } from '@roost/http';
import { CONFIG, Encryption, StartError, SystemClock } from '@roost/platform';
import type { IdentityConfig } from '../config.js';
import { handOver, publishedKeysAt, rotationDue, signingKeyAt } from './domain/key-schedule.js';
import { type PublicJwk, SigningKey } from './signing-key.entity.js';

const MIN_BITS = 2048;
/** One replica at a time makes or retires keys. */
const KEYS_LOCK = 7_301_001;
/** How soon a replica sees a key that another one made; far shorter than a key waits before it signs. */
const RELOAD_AFTER_MS = 30_000;
const SEALED_AS = 'signing_key.private_sealed';

/** The RS256 keys that sign access tokens, and their public halves for everybody else. */
@Injectable()
export class SigningKeys implements OnModuleInit {
  #keys: SigningKey[] = [];
  #loadedAt = 0;
  readonly #privateKeys = new Map<string, KeyObject>();

  constructor(
    private readonly transactions: Transactions,
    private readonly encryption: Encryption,
    private readonly clock: SystemClock,
    private readonly accepted: KeySource,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.config.JWT_PRIVATE_KEY) await this.adopt(this.config.JWT_PRIVATE_KEY);
    else await this.generateFirst();
    await this.load();
    await this.tryOut();
    this.accepted.readFrom(() => this.published());
  }

  /** The key to sign with now. */
  async current(): Promise<{ kid: string; privateKey: KeyObject }> {
    await this.loadIfStale();
    const now = this.clock.now();
    const usable = this.#keys.filter((key) => this.privateKeyOf(key) !== undefined);
    const key = signingKeyAt(usable, now);
    const privateKey = key && this.privateKeyOf(key);
    if (!key || !privateKey) throw new Error('There is no key to sign access tokens with');
    return { kid: key.kid, privateKey };
  }

  async published(): Promise<{ keys: PublicJwk[] }> {
    await this.loadIfStale();
    return { keys: publishedKeysAt(this.#keys, this.clock.now()).map((key) => key.publicJwk) };
  }

  /** Makes the next key when the present one has served its time. */
  async rotateWhenDue(): Promise<void> {
    if (this.config.JWT_PRIVATE_KEY) return;
    await this.alone(async (em, keys) => {
      if (rotationDue(keys, this.clock.now())) await this.addNext(em, keys);
    });
    await this.load();
  }

  /** Makes the next key now; it signs once every service has had time to see it. */
  async rotate(): Promise<void> {
    await this.alone((em, keys) => this.addNext(em, keys));
    await this.load();
  }

  private async tryOut(): Promise<void> {
    try {
      await this.current();
    } catch (cause) {
      throw new StartError(
        'The stored signing keys can not be opened: ENCRYPTION_KEY is not the one that they were stored under.',
        { cause },
      );
    }
  }

  private async addNext(em: EntityManager, keys: SigningKey[]): Promise<void> {
    const now = this.clock.now();
    const { activeFrom, retireOthersAt } = handOver(now);
    for (const key of publishedKeysAt(keys, now)) key.retireAt ??= retireOthersAt;
    em.persist(em.create(SigningKey, { ...(await this.generate()), createdAt: now, activeFrom }));
  }

  private async generateFirst(): Promise<void> {
    await this.alone(async (em, keys) => {
      const now = this.clock.now();
      if (keys.some((key) => key.privateSealed && publishedKeysAt([key], now).length > 0)) return;
      em.persist(em.create(SigningKey, { ...(await this.generate()), createdAt: now, activeFrom: now }));
    });
  }

  /** Publishes the configured key. What signed before it stays published until its tokens have expired. */
  private async adopt(pem: string): Promise<void> {
    const privateKey = readPrivateKey(pem);
    const publicJwk = publicJwkOf(privateKey);
    this.#privateKeys.set(publicJwk.kid, privateKey);
    await this.alone(async (em, keys) => {
      const now = this.clock.now();
      const known = keys.find((key) => key.kid === publicJwk.kid);
      for (const key of publishedKeysAt(keys, now)) {
        if (key !== known) key.retireAt ??= handOver(now).retireOthersAt;
      }
      if (known)
        Object.assign(known, { activeFrom: known.retireAt ? now : known.activeFrom, retireAt: null });
      else
        em.persist(em.create(SigningKey, { kid: publicJwk.kid, publicJwk, createdAt: now, activeFrom: now }));
    });
  }

  private async generate(): Promise<Pick<SigningKey, 'kid' | 'publicJwk' | 'privateSealed'>> {
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: MIN_BITS });
    const publicJwk = publicJwkOf(privateKey);
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { kid: publicJwk.kid, publicJwk, privateSealed: this.encryption.encrypt(pem, SEALED_AS) };
  }

  private alone(work: (em: EntityManager, keys: SigningKey[]) => Promise<void>): Promise<void> {
    return this.transactions.run(
      async (em) => {
        await em.execute('SELECT pg_advisory_xact_lock(?)', [KEYS_LOCK]);
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
    const known = this.#privateKeys.get(key.kid);
    if (known || !key.privateSealed || this.config.JWT_PRIVATE_KEY) return known;
    const opened = createPrivateKey(this.encryption.decrypt(key.privateSealed, SEALED_AS));
    this.#privateKeys.set(key.kid, opened);
    return opened;
  }
}

function readPrivateKey(pem: string): KeyObject {
  const refused = `JWT_PRIVATE_KEY is not allowed: it must be an RSA private key of at least ${MIN_BITS} bits in PEM.`;
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new StartError(refused, { cause });
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < MIN_BITS) throw new StartError(refused);
  return key;
}

function publicJwkOf(privateKey: KeyObject): PublicJwk {
  const { kty = '', n = '', e = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const kid = createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url');
  return { kty, kid, use: 'sig', alg: 'RS256', n, e };
}
