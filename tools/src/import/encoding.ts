import { isUtf8 } from 'node:buffer';
import { ImportFailed, unreadable } from './import-failed.js';

/** Reads the whole file and throws if it is not UTF-8, so that no text is stored with replacement characters. */
export async function requireUtf8(path: string, bytes: AsyncIterable<Buffer>): Promise<void> {
  let line = 1;
  let rest: Buffer = Buffer.alloc(0);
  const check = (part: Buffer) => {
    if (isUtf8(part)) return;
    const at = line + newlines(part.subarray(0, firstFault(part)));
    throw new ImportFailed(
      `${path} is not UTF-8 (line ${at}): it looks like ${encodingOf(part)}. Convert it, for example with iconv -f ${encodingOf(part)} -t UTF-8. Nothing was imported`,
    );
  };
  try {
    for await (const chunk of bytes) {
      // An end of line is never inside of a character.
      const end = Math.max(chunk.lastIndexOf(0x0a), chunk.lastIndexOf(0x0d)) + 1;
      if (end === 0) {
        rest = Buffer.concat([rest, chunk]);
        continue;
      }
      const part = Buffer.concat([rest, chunk.subarray(0, end)]);
      check(part);
      line += newlines(part);
      rest = chunk.subarray(end);
    }
    check(rest);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count += 1;
  return count;
}

/** The start of the first line that is not UTF-8. */
function firstFault(bytes: Buffer): number {
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
    if (!isUtf8(bytes.subarray(start, end))) break;
    start = end + 1;
  }
  return start;
}

function encodingOf(bytes: Buffer): string {
  if (bytes.includes(0)) return 'UTF-16';
  // These are control characters in ISO-8859-1, and quotation marks and the like in Windows-1252.
  return bytes.some((byte) => byte >= 0x80 && byte <= 0x9f) ? 'Windows-1252' : 'ISO-8859-1';
}
