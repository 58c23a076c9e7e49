import { createHmac, randomBytes } from 'node:crypto';

const PERIOD_SECONDS = 30;
const DIGITS = 6;
const SECRET_BYTES = 20;
/** Codes of the previous and the next period are valid as well: clocks differ and typing takes time. */
const TOLERATED_STEPS = [0, -1, 1];
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Encodes as Base32 (RFC 4648) without padding, the format of authenticators. */
export function base32(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      text += ALPHABET[(value >>> (bits - 5)) & 31];
      bits -= 5;
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}

export function fromBase32(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of text) {
    value = (value << 5) | ALPHABET.indexOf(character);
    bits += 5;
    if (bits >= 8) {
      bytes.push((value >>> (bits - 8)) & 255);
      bits -= 8;
    }
    value &= (1 << bits) - 1;
  }
  return Buffer.from(bytes);
}

export const newTotpSecret = () => base32(randomBytes(SECRET_BYTES));

export const stepAt = (now: Date) => Math.floor(now.getTime() / 1000 / PERIOD_SECONDS);

/** Returns the code of one period (RFC 6238: HMAC-SHA1, 30 s, 6 digits). */
export function totpCode(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', fromBase32(secret)).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 15;
  const number = (digest.readUInt32BE(offset) & 0x7fffffff) % 10 ** DIGITS;
  return String(number).padStart(DIGITS, '0');
}

/** Returns the period of a code: the current, previous or next one. Null for a wrong code. */
export function stepOfCode(secret: string, code: string, now: Date): number | null {
  const current = stepAt(now);
  const steps = TOLERATED_STEPS.map((offset) => current + offset);
  return steps.find((step) => totpCode(secret, step) === code) ?? null;
}

/** Returns the URL for the QR code of an authenticator. */
export function otpauthUrl(secret: string, email: string): string {
  const label = `Roost:${encodeURIComponent(email)}`;
  return `otpauth://totp/${label}?secret=${secret}&issuer=Roost&algorithm=SHA1&digits=${DIGITS}&period=${PERIOD_SECONDS}`;
}

/** Returns 80 random bits in groups of four characters. */
export function newRecoveryCode(): string {
  return (base32(randomBytes(10)).toLowerCase().match(/.{4}/g) ?? []).join('-');
}
