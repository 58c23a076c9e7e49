import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

/**
 * Logs one warning if a peer that `TRUSTED_PROXIES` does not name sends X-Forwarded-For: the header is ignored, so all clients
 * of a proxy that is missing from the setting share its address, and the limits of that address.
 */
export function warnOfUntrustedProxy(fastify: FastifyInstance, logger: Logger): void {
  let warned = false;
  fastify.addHook('onRequest', (request, _reply, done) => {
    const peer = request.socket.remoteAddress;
    // The address of the client is that of the connection only if the peer is not trusted.
    if (!warned && request.headers['x-forwarded-for'] !== undefined && request.ip === peer) {
      warned = true;
      logger.warn(
        { peer },
        'X-Forwarded-For ignored: TRUSTED_PROXIES does not name this peer; if it is your proxy, all its clients share one rate limit',
      );
    }
    done();
  });
}
