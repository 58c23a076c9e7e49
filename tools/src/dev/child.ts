/**
 * One run of Roost under `npm run dev`. It loads the libraries that never change while one works on Roost, then waits:
 * the code of Roost itself is loaded when the process before it has stopped, so it is the newest.
 */
await Promise.all([
  import('@mikro-orm/migrations'),
  import('@mikro-orm/postgresql'),
  import('@nestjs/bull'),
  import('@nestjs/graphql'),
  import('@nestjs/microservices'),
  import('@nestjs/platform-fastify'),
  import('@nestjs/swagger'),
  import('kafkajs'),
  import('pino'),
  import('sharp'),
  import('zod'),
]);

await new Promise((resolve) => process.once('message', resolve));
await import('@roost/app-standalone/main');
process.send?.('ready', () => process.disconnect());
