import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

const FORMAT = 'v1';

/** Secrets at rest: AES-256-GCM under a key derived from `ENCRYPTION_KEY`. */
export class Encryption {
  readonly #key: Buffer;

  constructor(secret: string) {
    this.#key = createHash('sha256').update(secret).digest();
  }

  /** `context` names what is encrypted (a table and column); only the same context decrypts it. */
  encrypt(plain: string, context = ''): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return [
      FORMAT,
      iv.toString('base64url'),
      cipher.getAuthTag().toString('base64url'),
      sealed.toString('base64url'),
    ].join('.');
  }

  decrypt(text: string, context = ''): string {
    const [format, iv, tag, sealed] = text.split('.');
    if (format !== FORMAT || iv === undefined || tag === undefined || sealed === undefined)
      throw new Error('This is not something that was encrypted here');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, Buffer.from(iv, 'base64url'), {
      authTagLength: 16,
    })
      .setAAD(Buffer.from(context))
      .setAuthTag(Buffer.from(tag, 'base64url'));
    return Buffer.concat([decipher.update(Buffer.from(sealed, 'base64url')), decipher.final()]).toString(
      'utf8',
    );
  }
}

export type HmacAlgorithm = 'sha256' | 'sha512';

export function hmac(secret: string, data: string | Buffer, algorithm: HmacAlgorithm = 'sha256'): Buffer {
  return createHmac(algorithm, secret).update(data).digest();
}

/** Compares two secrets in a time that says nothing about either. */
export function sameSecret(a: string | Buffer, b: string | Buffer): boolean {
  const [left, right] = [createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest()];
  return timingSafeEqual(left, right);
}

/** What a database keeps of a token that it must recognise but not know. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** A token that can not be guessed: 256 bits, safe in a URL. */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}
