import { events, type EventType, topicOf, topics } from '@roost/contracts';
import {
  EventConsumer,
  type EventEnvelope,
  isTransient,
  BlockedByDeadLetters,
  rebuild,
  Transactions,
} from '@roost/messaging';
import { type Call, type Command, UsageError, OperatorError, type Row } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';
import { recordCommand } from '../event-operations.js';
import { withEvents } from '../event-source.js';
import { findSystem, LOCATION, serviceNamed, type ServiceName, type System } from '../system.js';
import type { Replica } from '../replica.js';

const EVENTS = `Delivers every retained event to the service once more, in a replica that is started for it; running processes continue. Handled events are skipped; missed events are handled, or parked.`;

export const command: Command = {
  summary: 'Delivers events to a service again: to handle missed ones, or to rebuild its projections.',
  actions: {
    events: {
      summary: EVENTS,
      operands: '<service>',
      options: {
        topic: { type: 'string', description: 'only those of this topic, such as bookings.booking' },
        ...CONFIRMED,
        ...LOCATION,
      },
      run: replayEvents,
    },
    projections: {
      summary:
        'Empties the projections of a state topic, removes its inbox rows and handles all its events again, in one transaction: readers see the old rows until it commits, and a crash leaves them. Requests are served meanwhile; events to this service, and its own, wait. Rejected while events of the topic are parked.',
      operands: '<service>',
      options: {
        topic: {
          type: 'string',
          description: 'only this topic (default: each state topic that it consumes)',
        },
        'dry-run': {
          type: 'boolean',
          description: 'roll back at the end and only print the differences',
        },
        ...CONFIRMED,
        ...LOCATION,
      },
      run: replayProjections,
    },
  },
};

/** Loaded on demand: the apps take a second to load. */
const replicas = () => import('../replica.js');

function serviceOf({ operands }: Call) {
  const [name] = operands;
  if (name === undefined || operands.length > 1) throw new UsageError('Pass the name of one service.');
  return serviceNamed(name);
}

function topicOption({ options }: Call): string | null {
  if (options.topic === undefined) return null;
  const topic = String(options.topic);
  if (!topics.has(topic))
    throw new UsageError(`There is no topic "${topic}": use one of ${[...topics.keys()].join(', ')}.`);
  return topic;
}

async function replayProjections(call: Call): Promise<void> {
  const name = serviceOf(call);
  const topicFilter = topicOption(call);
  const dryRun = call.options['dry-run'] === true;
  const system = findSystem(call.options);
  const { projectionsOf } = await import('../projections.js');
  const projections = await projectionsOf(name);
  const chosen = topicFilter === null ? Object.keys(projections) : [topicFilter];
  for (const topic of chosen) {
    if (!projections[topic])
      throw new OperatorError(
        `${name} has no projection of ${topic}: it has some of ${Object.keys(projections).join(', ')}.`,
      );
  }
  const tables = chosen.flatMap((topic) => projections[topic] ?? []);
  if (!dryRun) {
    await confirm(`${name} rebuilds ${tables.join(', ')} from ${chosen.join(', ')}`, call.options);
    await recordCommand(system, name, {
      action: 'projection.rebuild',
      subject: { type: 'service', id: name },
      reason: 'roost replay projections',
      details: { topics: chosen },
    });
  }

  const { withReplica } = await replicas();
  const results = await withEvents(system, null, (source) =>
    withReplica(system, name, async (replica) => {
      const done = [];
      for (const topic of chosen) {
        const rebuilt = await rebuild(replica.get(Transactions), replica.get(EventConsumer), {
          topic,
          tables: projections[topic] ?? [],
          read: () => source.read({ topics: [topic], from: 'start' }),
          keep: !dryRun,
          onProgress: (count) => call.out.progress(`  ${topic}: ${count} events`),
        }).catch((error: unknown) => {
          if (error instanceof BlockedByDeadLetters)
            throw new OperatorError(
              `${error.deadLetters} events of ${topic} are parked at ${name}: redrive or discard them first (roost dead-letters), or they would be handled out of order.`,
            );
          throw error;
        });
        done.push({ topic, ...rebuilt });
      }
      return done;
    }),
  );
  const rows = results.flatMap(({ topic, events: count, tables: built }) =>
    built.map((table): Row => ({
      topic,
      events: count,
      table: table.table,
      'rows before': table.rowsBefore,
      after: table.rowsAfter,
      'only before': table.onlyBefore,
      'only after': table.onlyAfter,
      'checksum before': table.checksumBefore,
      'checksum after': table.checksumAfter,
    })),
  );
  call.out.result({ service: name, kept: !dryRun, topics: results }, rows);
}

interface Counts {
  delivered: number;
  known: number;
  handled: number;
  waiting: number;
  failed: number;
  ignored: number;
}

async function replayEvents(call: Call): Promise<void> {
  const name = serviceOf(call);
  const topic = topicOption(call);
  const system = findSystem(call.options);
  await confirm(`${name} receives ${topic ?? 'every event'} again from the start`, call.options);
  await recordCommand(system, name, {
    action: 'event.replay',
    subject: { type: 'service', id: name },
    reason: 'roost replay events',
    details: { topic },
  });
  const counts = await deliverAll(call, system, name, topic);
  call.out.result({ service: name, ...counts }, [{ service: name, ...counts }]);
  if (counts.failed > 0)
    throw new OperatorError(
      `${counts.failed} events could not be handled at once: see roost dead-letters list.`,
    );
}

async function deliverAll(
  call: Call,
  system: System,
  name: ServiceName,
  topic: string | null,
): Promise<Counts> {
  const counts: Counts = { delivered: 0, known: 0, handled: 0, waiting: 0, failed: 0, ignored: 0 };
  const { withReplica } = await replicas();
  await withEvents(system, null, (source) =>
    withReplica(system, name, async (replica) => {
      const consumed = topic === null ? topicsConsumed(replica.get(EventConsumer).types) : [topic];
      for await (const batch of source.read({ topics: consumed, from: 'start' })) {
        // Different keys concurrently, the events of one key in order.
        const keys = Map.groupBy(batch, (event) => `${event.topic} ${event.key}`);
        const lanes = [...keys.values()];
        const work = async () => {
          for (let lane = lanes.shift(); lane; lane = lanes.shift())
            for (const event of lane) await deliver(replica, event, counts);
        };
        await Promise.all([work(), work(), work(), work()]);
        call.out.progress(`  ${counts.delivered} events`);
      }
    }),
  );
  return counts;
}

async function deliver(replica: Replica, event: EventEnvelope, counts: Counts): Promise<void> {
  counts.delivered += 1;
  try {
    const outcome = await replica.get(EventConsumer).handle(event);
    counts[outcome === 'queued' ? 'waiting' : outcome] += 1;
  } catch (error) {
    if (!isTransient(error)) counts.failed += 1;
    // A failure is retried and then parked, as in the running service.
    await new Promise<void>((onProcessed) => replica.deliver({ event, onProcessed }));
  }
}

function topicsConsumed(types: ReadonlySet<string>): string[] {
  return [...topics.keys()].filter((topic) => {
    const [service = ''] = topic.split('.');
    return (Object.keys(events) as EventType[]).some(
      (type) => types.has(type) && topicOf(type, service) === topic,
    );
  });
}
