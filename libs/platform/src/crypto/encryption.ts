import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

const FORMAT = 'v1';

const keyOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Encrypts secrets for storage: AES-256-GCM with a key derived from `ENCRYPTION_KEY`. */
export class Encryption {
  readonly #key: Buffer;
  readonly #alternate: Buffer | null;

  /** `alternate` is a second secret that also decrypts, while the first is replaced. */
  constructor(secret: string, alternate?: string) {
    this.#key = keyOf(secret);
    this.#alternate = alternate === undefined ? null : keyOf(alternate);
  }

  /** `context` names the encrypted value (table and column). Decryption fails with another context. */
  encrypt(plain: string, context = ''): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(context));
    const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return [
      FORMAT,
      iv.toString('base64url'),
      cipher.getAuthTag().toString('base64url'),
      ciphertext.toString('base64url'),
    ].join('.');
  }

  /** Throws if the text is not the output of `encrypt` with one of the keys and the same context. */
  decrypt(text: string, context = ''): string {
    if (this.#alternate === null) return this.open(this.#key, text, context);
    try {
      return this.open(this.#key, text, context);
    } catch {
      return this.open(this.#alternate, text, context);
    }
  }

  /** The value encrypted again with the first key; null if it is already. Throws if no key decrypts it. */
  renew(text: string, context = ''): string | null {
    try {
      this.open(this.#key, text, context);
      return null;
    } catch {
      return this.encrypt(this.decrypt(text, context), context);
    }
  }

  /**
   * A hash that only the holder of the first key can compute: it does not reveal a value that can be guessed, such as a
   * phone number. `context` names the hashed value. Another key returns other hashes.
   */
  keyedHash(text: string, context: string): Buffer {
    const key = createHmac('sha256', this.#key).update(`hash of ${context}`).digest();
    return createHmac('sha256', key).update(text).digest();
  }

  private open(key: Buffer, text: string, context: string): string {
    const [format, iv, tag, ciphertext] = text.split('.');
    if (format !== FORMAT || iv === undefined || tag === undefined || ciphertext === undefined)
      throw new Error('The text has not the format of an encrypted value');
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), {
      authTagLength: 16,
    })
      .setAAD(Buffer.from(context))
      .setAuthTag(Buffer.from(tag, 'base64url'));
    return Buffer.concat([decipher.update(Buffer.from(ciphertext, 'base64url')), decipher.final()]).toString(
      'utf8',
    );
  }
}

export type HmacAlgorithm = 'sha256' | 'sha512';

export function hmac(secret: string, data: string | Buffer, algorithm: HmacAlgorithm = 'sha256'): Buffer {
  return createHmac(algorithm, secret).update(data).digest();
}

/** Compares two secrets in constant time. */
export function secretsEqual(a: string | Buffer, b: string | Buffer): boolean {
  const [left, right] = [createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest()];
  return timingSafeEqual(left, right);
}

/** The hash of a token: the database stores it instead of the token. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** A random token (256 bits by default), safe in a URL. */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}
