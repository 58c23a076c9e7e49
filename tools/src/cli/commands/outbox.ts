import type { EventOperations, RefusedEvent } from '@roost/messaging';
import { age } from '../age.js';
import { type Call, type Command, UsageError, type Row } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';
import { eventId } from '../event-id.js';
import { audited, withEventOperations } from '../event-operations.js';
import { findSystem, LOCATION, type ServiceName, servicesOf } from '../system.js';
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
      run: (call) => decide(call, 'resent', 'will be published again, after later events'),
    },
    discard: {
      summary: 'Discards rejected events: no consumer will receive them.',
      options: { ...WHICH, ...ALL, ...CONFIRMED, ...LOCATION },
      run: (call) => decide(call, 'discarded', 'will never be published'),
    },
  },
};

async function status({ options, out }: Call): Promise<void> {
  const selected = servicesOf(options);
  await withEventOperations(findSystem(options), selected, async (services) => {
    const statuses = await Promise.all(
      [...services].map(async ([service, { outbox }]) => ({ service, ...(await outbox.status()) })),
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

interface Refused extends Omit<RefusedEvent, 'xid'> {
  service: ServiceName;
}

async function refused({ options, out }: Call): Promise<void> {
  const limit = wholeNumber('limit', options.limit, MOST) ?? 100;
  const id = eventId(options.id);
  const selected = servicesOf(options);
  await withEventOperations(findSystem(options), selected, async (services) => {
    const all = await refusedIn(services, id, limit);
    out.result(
      all,
      all.map(({ service, id, type, key, code, bytes, refusedAt }): Row => ({
        ...{ service, id, type, key, code, bytes },
        refused: age((Date.now() - new Date(refusedAt).getTime()) / 1000),
      })),
    );
  });
}

async function decide(
  { options, out }: Call,
  verb: 'resent' | 'discarded',
  consequence: string,
): Promise<void> {
  const id = eventId(options.id);
  if (options.all !== true && options.service === undefined && id === null)
    throw new UsageError('Select some with --service or --id, or all with --all.');
  const selected = servicesOf(options);
  await withEventOperations(findSystem(options), selected, async (services) => {
    const all = await refusedIn(services, id, MOST);
    if (all.length === 0) return out.result([], []);
    for (const { service, type, key, code } of all.slice(0, 20))
      out.progress(`  ${service}  ${type}  ${key}  ${code}`);
    if (all.length > 20) out.progress(`  and ${all.length - 20} more`);
    await confirm(`${all.length} event${all.length === 1 ? '' : 's'} ${consequence}`, options);
    const action = verb === 'resent' ? 'resend' : 'discard';
    const outcomes: Row[] = [];
    for (const [service, operations] of services) {
      if (!all.some((event) => event.service === service)) continue;
      const subject = id === null ? { type: 'service', id: service } : { type: 'event', id };
      const count = await audited(
        operations,
        { action: `outbox.${action}`, subject, reason: `roost outbox ${action}` },
        () => operations.outbox[action](id === null ? {} : { id }),
      );
      outcomes.push({ service, [verb]: count });
    }
    out.result(outcomes, outcomes);
  });
}

async function refusedIn(
  services: ReadonlyMap<ServiceName, EventOperations>,
  id: string | null,
  limit: number,
): Promise<Refused[]> {
  const all: Refused[] = [];
  for (const [service, { outbox }] of services) {
    const found = await outbox.listRefused(id === null ? {} : { id }, limit);
    all.push(...found.map(({ xid: _, ...event }) => ({ service, ...event })));
  }
  return all;
}
