import { Transform } from 'node:stream';
import { MAX_BODY_BYTES } from '@roost/http';
import { Problem } from '@roost/platform';
import type { FastifyRequest } from 'fastify';
import type { Route } from '../routes/route-table.js';

/** A photo of 15 MB and the form around it. */
const MAX_UPLOAD_BYTES = 16 * 1024 * 1024;

/**
 * Refuses a body that is too large here, where the rest of it can still be read away: a service that answers before
 * the whole body has come closes the connection on the gateway, and the reason is lost. Throws 413 `request.too_large`
 * for a length that is announced; a body without one fails with the same problem when it grows too long.
 */
export function limitBody(request: FastifyRequest, route: Route): void {
  const limit = route.upload ? MAX_UPLOAD_BYTES : MAX_BODY_BYTES;
  const announced = request.headers['content-length'];
  if (announced !== undefined) {
    if (Number(announced) > limit) throw new Problem('request.too_large');
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
