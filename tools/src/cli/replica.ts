import { definitions, environmentBeside } from '@roost/app-standalone/composition';
import type { Delivery, EventListener, EventSink, EventTransport } from '@roost/messaging';
import { createLogger, StartError } from '@roost/platform';
import { type RunningService, startService } from '@roost/service';
import { destination } from 'pino';
import { OperatorError } from './command.js';
import type { ServiceName, System } from './system.js';

/** A transport whose events come from the command that started the replica. */
class ReplicaBus implements EventTransport {
  #listener: EventListener | undefined;

  sinks(): Iterable<EventSink> {
    return [];
  }

  onSinksChanged(): () => void {
    return () => undefined;
  }

  async listen(listener: EventListener): Promise<() => Promise<void>> {
    this.#listener = listener;
    return async () => {
      this.#listener = undefined;
    };
  }

  deliver(delivery: Delivery): void {
    if (!this.#listener) throw new Error('The service is not listening');
    this.#listener.accept(delivery);
  }
}

export interface Replica extends RunningService {
  /** Delivers an event as the transport does: it is retried, and parked if it can't be handled. */
  deliver(delivery: Delivery): void;
}

/** Starts one more replica of a service during `work`: with its rules and its database, without a source of events. */
export async function withReplica<T>(
  system: System,
  name: ServiceName,
  work: (replica: Replica) => Promise<T>,
): Promise<T> {
  if (!system.redisUrl) throw new OperatorError(`No Redis runs on ${system.dataDir}: set REDIS_URL.`);
  const env = environmentBeside(
    name,
    { ...process.env, ...system.settings() },
    { ...system, redisUrl: system.redisUrl },
  );
  const bus = new ReplicaBus();
  const logger = createLogger(name, env.LOG_LEVEL ?? 'fatal', destination({ dest: 2, sync: true }));
  let service: RunningService;
  try {
    service = await startService(await definitions[name](), { env, bus, logger });
  } catch (error) {
    throw error instanceof StartError ? new OperatorError(error.message) : error;
  }
  try {
    return await work({ ...service, deliver: (delivery) => bus.deliver(delivery) });
  } finally {
    await service.close();
  }
}
