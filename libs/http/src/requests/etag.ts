import { createHash } from 'node:crypto';
import { Problem } from '@roost/platform';
import { currentRequest } from '../context/request-context.js';

/**
 * The ETag of a value or a version. Give the viewer's id where viewers see different things under one address.
 * A version makes a cheap tag; a value is hashed.
 */
export function etagOf(value: unknown, viewerId?: string | null): string {
  const hash = createHash('sha256');
  hash.update(
    typeof value === 'string' || typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? ''),
  );
  if (viewerId) hash.update(`\n${viewerId}`);
  return `"${hash.digest('base64url').slice(0, 22)}"`;
}

/** Returns the body and has its `ETag` sent along; a GET whose `If-None-Match` matches is answered 304. */
export function withEtag<T>(body: T, etag: string = etagOf(body, currentRequest()?.user?.id)): T {
  const context = currentRequest();
  if (context) context.etag = etag;
  return body;
}

const weak = (tag: string) => tag.replace(/^W\//, '');

/** Whether a list of tags (`If-Match`, `If-None-Match`) names this one. */
export function tagsMatch(header: string, etag: string): boolean {
  return header.split(',').some((tag) => tag.trim() === '*' || weak(tag.trim()) === weak(etag));
}

/** 412 when the request carries `If-Match` and it does not name the present state. */
export function requireMatch(etag: string): void {
  const header = currentRequest()?.request.headers['if-match'];
  if (header !== undefined && !tagsMatch(header, etag)) throw new Problem('request.precondition_failed');
}
