import { Transform } from 'node:stream';
import { MAX_BODY_BYTES } from '@roost/http';
import { Problem } from '@roost/platform';
import type { FastifyRequest } from 'fastify';
import type { Route } from '../routes/route-table.js';

/** A photo of 15 MB and its multipart form. */
const MAX_UPLOAD_BYTES = 16 * 1024 * 1024;

/**
 * Limits the size of a body in the gateway, because the gateway can discard the rest of it. A service that responds
 * before the whole body has arrived closes the connection, and the gateway loses its response. Throws 413
 * `request.too_large` for a `Content-Length` over the limit; a body without one fails with the same problem when it
 * exceeds the limit.
 */
export function limitBody(request: FastifyRequest, route: Route): void {
  const limit = route.upload ? MAX_UPLOAD_BYTES : MAX_BODY_BYTES;
  const contentLength = request.headers['content-length'];
  if (contentLength !== undefined) {
    if (Number(contentLength) > limit) throw new Problem('request.too_large');
    return;
  }
  if (!request.body) return;
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > limit) done(new Problem('request.too_large'));
      else done(null, chunk);
    },
  });
  const raw = request.raw;
  raw.on('error', (error) => counted.destroy(error));
  counted.on('error', () => {
    raw.unpipe(counted);
    raw.resume();
  });
  request.body = raw.pipe(counted);
}
