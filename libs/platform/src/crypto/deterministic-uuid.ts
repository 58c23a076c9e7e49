import { createHash } from 'node:crypto';

const NAMESPACE = Buffer.from('6f1d3c5e2a7b5f0c9d4e8b1a3c6f7e90', 'hex');

/**
 * A deterministic UUID (version 5): the same parts always return the same UUID, so a repeated import or event finds its
 * row. Only the last part may contain a slash.
 */
export function deterministicUuid(...parts: readonly [string, ...string[]]): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(parts.join('/')).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
