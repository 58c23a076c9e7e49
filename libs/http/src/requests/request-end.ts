import type { FastifyRequest } from 'fastify';

/** Aborted when the client has disconnected, the response has ended or the service starts to stop. */
export function endOfRequest(request: FastifyRequest): AbortSignal {
  const ended = new AbortController();
  const socket = request.raw.socket;
  const abort = () => ended.abort();
  if (socket.destroyed) abort();
  socket.once('close', abort);
  request.roost.reply.raw.once('close', () => {
    socket.off('close', abort);
    abort();
  });
  return AbortSignal.any([ended.signal, request.roost.closing]);
}
