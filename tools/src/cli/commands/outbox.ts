import { readOutboxStatus } from '@roost/messaging';
import { age } from '../age.js';
import type { Call, Command, Row } from '../command.js';
import { findSystem, LOCATION, servicesOf, withDatabases } from '../system.js';

export const command: Command = {
  summary: 'The outboxes: what each service has still to tell the others.',
  actions: {
    status: {
      summary:
        'For each service: the events it keeps, whether a process relays them, and how far behind each listener (or Kafka) is.',
      options: { service: { type: 'string', description: 'of this service only' }, ...LOCATION },
      run: status,
    },
  },
};

async function status({ options, out }: Call): Promise<void> {
  const services = servicesOf(options);
  await withDatabases(findSystem(options), services, async (databases) => {
    const statuses = await Promise.all(
      [...databases].map(async ([service, client]) => ({ service, ...(await readOutboxStatus(client)) })),
    );
    const rows = statuses.flatMap(({ service, rows: events, relayActive, sinks }): Row[] => {
      const own = { service, events, relay: relayActive ? 'active' : 'none' };
      if (sinks.length === 0) return [{ ...own, to: null, behind: null, oldest: null }];
      return sinks.map(({ sink, behind, oldestSeconds }) => ({
        ...own,
        to: sink,
        behind,
        oldest: age(oldestSeconds),
      }));
    });
    out.result(statuses, rows);
  });
}
