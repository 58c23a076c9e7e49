import { createHash } from 'node:crypto';
import { Problem } from '@roost/platform';
import { currentRequest } from '../context/request-context.js';

/**
 * The ETag of a value or of a version. Pass the viewer's id if the response depends on the viewer. A version is cheaper
 * than a value, which is serialized first.
 */
export function etagOf(value: unknown, viewerId?: string | null): string {
  const hash = createHash('sha256');
  hash.update(
    typeof value === 'string' || typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? ''),
  );
  if (viewerId) hash.update(`\n${viewerId}`);
  return `"${hash.digest('base64url').slice(0, 22)}"`;
}

/** Returns the body and sets the `ETag` of the response. A GET whose `If-None-Match` matches returns 304. */
export function withEtag<T>(body: T, etag: string = etagOf(body, currentRequest()?.user?.id)): T {
  const context = currentRequest();
  if (context) context.etag = etag;
  return body;
}

const weak = (tag: string) => tag.replace(/^W\//, '');

/** Whether a list of tags (`If-Match`, `If-None-Match`) contains this tag. */
export function tagsMatch(header: string, etag: string): boolean {
  return header.split(',').some((tag) => tag.trim() === '*' || weak(tag.trim()) === weak(etag));
}

/** Throws 412 if the request has an `If-Match` header that does not contain the tag of the current version. */
export function requireMatch(etag: string): void {
  const header = currentRequest()?.request.headers['if-match'];
  if (header !== undefined && !tagsMatch(header, etag)) throw new Problem('request.precondition_failed');
}
