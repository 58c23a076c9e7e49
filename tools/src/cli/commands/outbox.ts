import {
  discardRefused,
  listRefused,
  readOutboxStatus,
  type RefusedEvent,
  resendRefused,
} from '@roost/messaging';
import { age } from '../age.js';
import { type Call, type Command, UsageError, type Row } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';
import {
  type Databases,
  findSystem,
  LOCATION,
  type ServiceName,
  servicesOf,
  withDatabases,
} from '../system.js';
import { eventId } from '../event-id.js';
import { wholeNumber } from '../whole-number.js';

const MOST = 10_000;
const WHICH = {
  service: { type: 'string', description: 'only those published by this service' },
  id: { type: 'string', description: 'only the one with this id' },
} as const;
const ALL = {
  all: { type: 'boolean', description: 'all of them, if no other option selects some' },
} as const;

export const command: Command = {
  summary: 'The outboxes: the events that each service has still to publish.',
  actions: {
    status: {
      summary:
        'For each service: the retained events, whether a process relays them, and how far behind each consumer (or Kafka) is.',
      options: { service: { type: 'string', description: 'only this service' }, ...LOCATION },
      run: status,
    },
    refused: {
      summary:
        'The events that Kafka rejected for good, most likely for their size. All others were published.',
      options: {
        ...WHICH,
        limit: { type: 'string', description: 'the most per service (default: 100)' },
        ...LOCATION,
      },
      run: refused,
    },
    resend: {
      summary:
        'Publishes rejected events again. Fix the cause first ("topics apply" corrects the limits of the topics).',
      options: { ...WHICH, ...ALL, ...CONFIRMED, ...LOCATION },
      run: (call) => decide(call, 'resent', 'will be published again, after later events', resendRefused),
    },
    discard: {
      summary: 'Drops rejected events: no consumer will receive them.',
      options: { ...WHICH, ...ALL, ...CONFIRMED, ...LOCATION },
      run: (call) => decide(call, 'discarded', 'will never be published', discardRefused),
    },
  },
};

async function status({ options, out }: Call): Promise<void> {
  const services = servicesOf(options);
  await withDatabases(findSystem(options), services, async (databases) => {
    const statuses = await Promise.all(
      [...databases].map(async ([service, client]) => ({ service, ...(await readOutboxStatus(client)) })),
    );
    const rows = statuses.flatMap(({ service, rows: events, refused, relayActive, sinks }): Row[] => {
      const own = { service, events, refused, relay: relayActive ? 'active' : 'none' };
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

interface Refused extends RefusedEvent {
  service: ServiceName;
}

async function refused({ options, out }: Call): Promise<void> {
  const limit = wholeNumber('limit', options.limit, MOST) ?? 100;
  await withDatabases(findSystem(options), servicesOf(options), async (databases) => {
    const all = await refusedIn(databases, eventId(options.id), limit);
    out.result(
      all,
      all.map(({ service, id, type, key, code, bytes, refusedAt }): Row => ({
        ...{ service, id, type, key, code, bytes },
        refused: age((Date.now() - refusedAt.getTime()) / 1000),
      })),
    );
  });
}

async function decide(
  { options, out }: Call,
  verb: 'resent' | 'discarded',
  consequence: string,
  act: typeof resendRefused,
): Promise<void> {
  const id = eventId(options.id);
  if (options.all !== true && options.service === undefined && id === null)
    throw new UsageError('Select some with --service or --id, or all with --all.');
  await withDatabases(findSystem(options), servicesOf(options), async (databases) => {
    const all = await refusedIn(databases, id, MOST);
    if (all.length === 0) return out.result([], []);
    for (const { service, type, key, code } of all.slice(0, 20))
      out.progress(`  ${service}  ${type}  ${key}  ${code}`);
    if (all.length > 20) out.progress(`  and ${all.length - 20} more`);
    await confirm(`${all.length} event${all.length === 1 ? '' : 's'} ${consequence}`, options);
    const outcomes: Row[] = [];
    for (const [service, client] of databases) {
      const count = await act(client, id);
      if (count > 0) outcomes.push({ service, [verb]: count });
    }
    out.result(outcomes, outcomes);
  });
}

async function refusedIn(databases: Databases, id: string | null, limit: number): Promise<Refused[]> {
  const all: Refused[] = [];
  for (const [service, client] of databases) {
    for (const event of await listRefused(client, id, limit)) all.push({ service, ...event });
  }
  return all;
}
