import type { Server as HttpServer } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { serveMetrics } from '@roost/http';
import { MissingTopics } from '@roost/messaging';
import { type CommonConfig, type Metrics, StartError } from '@roost/platform';
import type { ServiceDefinition } from './definition.js';

/** Opens the port of a service. Throws a `StartError` if the port or the host can't be used. */
export async function listen(
  app: NestFastifyApplication,
  service: string,
  { port, host }: { port: number; host: string },
): Promise<void> {
  try {
    await app.listen({ port, host });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new StartError(
        `Port ${port} of ${service} is in use: stop the process that uses it, or set PORT to another port.`,
      );
    if (code === 'EACCES')
      throw new StartError(`Port ${port} of ${service} requires privileges: set PORT to one above 1023.`);
    if (code === 'EADDRNOTAVAIL')
      throw new StartError(`BIND_HOST is ${host}, which is not an address of this machine.`);
    throw error;
  }
}

/** Starts the consumers. Throws a `StartError` if topics are missing in Kafka. */
export async function startConsumers(app: NestFastifyApplication): Promise<void> {
  try {
    await app.startAllMicroservices();
  } catch (error) {
    throw error instanceof MissingTopics ? new StartError(error.message) : error;
  }
}

/** Serves `/metrics` on its own port if the service has one; `null` otherwise. Not public unless BIND_HOST is set. */
export async function listenForMetrics(
  { port, http = {} }: ServiceDefinition,
  config: CommonConfig,
  metrics: Metrics,
): Promise<HttpServer | null> {
  if (http.metricsPort === undefined) return null;
  // Port 0 (tests) makes both ports random.
  return serveMetrics(
    metrics,
    config.METRICS_HOST ?? config.BIND_HOST ?? '127.0.0.1',
    config.METRICS_PORT ?? ((config.PORT ?? port) === 0 ? 0 : http.metricsPort),
  );
}
