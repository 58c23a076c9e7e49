import { type EventSource, OutboxSource } from '@roost/messaging';
import { type ServiceName, SERVICES, type System, withDatabases } from './system.js';

/** The events of these services (null: of all), from where this Roost keeps them. */
export async function withEvents<T>(
  system: System,
  producers: readonly ServiceName[] | null,
  work: (source: EventSource) => Promise<T>,
): Promise<T> {
  return withDatabases(system, producers ?? SERVICES, (databases) => work(new OutboxSource(databases)));
}
