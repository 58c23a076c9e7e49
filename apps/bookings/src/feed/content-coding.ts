import { promisify } from 'node:util';
import {
  brotliDecompress,
  constants,
  gunzip,
  inflate,
  inflateRaw,
  type InputType,
  type ZlibOptions,
  zstdDecompress,
} from 'node:zlib';

/** The maximum size of a file, and of each form of it between two codings. */
export const MAX_BYTES = 5 * 1024 * 1024;
/** A header with more codings is not one of a calendar. */
const MAX_CODINGS = 5;
/** 8 MiB, as RFC 9659 requires of the coding in HTTP. Without it, a file may claim 128 MiB of memory. */
const ZSTD_WINDOW_LOG = 23;

const LIMIT = { maxOutputLength: MAX_BYTES } satisfies ZlibOptions;
const ZSTD = { ...LIMIT, params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } };

type Decode = (bytes: Buffer) => Promise<Buffer>;

const decodeGzip = limited(promisify<InputType, ZlibOptions, Buffer>(gunzip));
const decodeZlib = limited(promisify<InputType, ZlibOptions, Buffer>(inflate));
const decodeRaw = limited(promisify<InputType, ZlibOptions, Buffer>(inflateRaw));
const decodeBrotli = promisify<InputType, typeof LIMIT, Buffer>(brotliDecompress);
const decodeZstd = promisify<InputType, typeof ZSTD, Buffer>(zstdDecompress);

const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['identity', (bytes) => Promise.resolve(bytes)],
  ['gzip', decodeGzip],
  ['x-gzip', decodeGzip],
  // Some servers send the data without the header of zlib.
  ['deflate', (bytes) => (hasZlibHeader(bytes) ? decodeZlib(bytes) : decodeRaw(bytes))],
  ['br', (bytes) => decodeBrotli(bytes, LIMIT)],
  ['zstd', (bytes) => decodeZstd(bytes, ZSTD)],
]);

export const ACCEPTED_CODINGS = 'gzip, deflate, br, zstd';

export type DecodeProblem = 'too_large' | 'invalid';

/**
 * Decodes a body by its `Content-Encoding`, which names the codings in the order in which they were applied. A file that is
 * gzip after that was stored so. Each step is limited to `MAX_BYTES`, so that a compression bomb is stopped early.
 */
export async function decodeContent(bytes: Buffer, contentEncoding: string): Promise<Buffer | DecodeProblem> {
  const codings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '');
  const decoders = codings.map((coding) => DECODERS.get(coding)).reverse();
  if (decoders.length > MAX_CODINGS) return 'invalid';
  let decoded = bytes;
  try {
    for (const decode of decoders) {
      if (!decode) return 'invalid';
      decoded = await decode(decoded);
    }
    return isGzip(decoded) ? await decodeGzip(decoded) : decoded;
  } catch (error) {
    return isTooLarge(error) ? 'too_large' : 'invalid';
  }
}

function limited(decode: (bytes: InputType, options: ZlibOptions) => Promise<Buffer>): Decode {
  return (bytes) => decode(bytes, LIMIT);
}

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** RFC 1950: the method deflate, and a checksum of the two bytes. */
const hasZlibHeader = (bytes: Buffer): boolean =>
  bytes.length >= 2 && ((bytes[0] ?? 0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
