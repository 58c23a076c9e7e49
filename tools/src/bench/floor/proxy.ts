import replyFrom from '@fastify/reply-from';
import Fastify from 'fastify';

/** The floor of the gateway: a bare Fastify that streams requests to the upstream server. */
const server = Fastify();
server.removeAllContentTypeParsers();
server.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
await server.register(replyFrom, {
  base: process.env.UPSTREAM,
  undici: { connections: 128, pipelining: 1 },
  disableRequestLogging: true,
});
server.all('/*', (_request, reply) => reply.from());
await server.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
