import { deflateRawSync } from 'node:zlib';

/** A random secret of 16 bytes in base64 or hex has more by this estimate; repetitions and words have less. */
const MIN_BITS = 100;
const WORDS = /^[a-z]+(?:[-_ .][a-z0-9]+)+$/;

/**
 * Whether a secret may be random: neither a repetition nor words with separators. The estimate is the entropy of its
 * characters times the length that compression leaves, so it is no proof: it finds placeholders, not weak generators.
 */
export function looksRandom(secret: string): boolean {
  if (WORDS.test(secret)) return false;
  const characters = [...secret];
  const counts = new Map<string, number>();
  for (const character of characters) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bitsPerCharacter = 0;
  for (const count of counts.values()) {
    const share = count / characters.length;
    bitsPerCharacter -= share * Math.log2(share);
  }
  const length = Math.min(characters.length, deflateRawSync(secret).length);
  return bitsPerCharacter * length >= MIN_BITS;
}
