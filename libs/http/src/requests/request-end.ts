import type { FastifyRequest } from 'fastify';
import { Problem } from '@roost/platform';

/** Aborted when the client has disconnected, the response has ended or the service starts to stop. */
export const endOfRequest = (request: FastifyRequest): AbortSignal =>
  AbortSignal.any([endOfClient(request), request.roost.closing]);

/** Aborted when the client has disconnected, with a problem as the reason, or when the response has ended. */
export function endOfClient(request: FastifyRequest): AbortSignal {
  const ended = new AbortController();
  const socket = request.raw.socket;
  const disconnect = () => ended.abort(new Problem('request.invalid', 'The client has disconnected'));
  if (socket.destroyed) disconnect();
  socket.once('close', disconnect);
  request.roost.reply.raw.once('close', () => {
    socket.off('close', disconnect);
    ended.abort();
  });
  return ended.signal;
}
