import { events, type EventType, topicOf, topics } from '@roost/contracts';
import {
  EventConsumer,
  type EventEnvelope,
  isTransient,
  LettersInTheWay,
  rebuild,
  Transactions,
} from '@roost/messaging';
import { type Call, type Command, Misuse, Refusal, type Row } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';
import { withEvents } from '../event-source.js';
import { findSystem, LOCATION, serviceNamed, type ServiceName, type System } from '../system.js';
import type { Replica } from '../replica.js';

const LIST = `Every event that is kept is delivered to the service once more, by a process of the service that is started for it; what runs goes on. What the service has handled it knows and leaves alone; what it has missed it handles, or parks.`;

export const command: Command = {
  summary: 'Tells a service events again: to fill in what it missed, or to build its projections anew.',
  actions: {
    events: {
      summary: LIST,
      operands: '<service>',
      options: {
        topic: { type: 'string', description: 'of this topic only, such as bookings.booking' },
        ...CONFIRMED,
        ...LOCATION,
      },
      run: replayEvents,
    },
    projections: {
      summary:
        'Empties what the service keeps of a state topic, forgets that it handled its events, and handles them all again, in one transaction: readers see the old rows until it is done, and a crash leaves them. Requests are served meanwhile; events to this service, and its own, wait. Refused while events of the topic are parked.',
      operands: '<service>',
      options: {
        topic: { type: 'string', description: 'this topic only (default: each state topic it listens to)' },
        'dry-run': {
          type: 'boolean',
          description: 'roll it back in the end: only say what would be different',
        },
        ...CONFIRMED,
        ...LOCATION,
      },
      run: replayProjections,
    },
  },
};

/** From apps: loaded when a command needs it, for it takes a second. */
const replicas = () => import('../replica.js');

function serviceOf({ operands }: Call) {
  const [name] = operands;
  if (name === undefined || operands.length > 1) throw new Misuse('Say which service, one.');
  return serviceNamed(name);
}

function topicOption({ options }: Call): string | null {
  if (options.topic === undefined) return null;
  const topic = String(options.topic);
  if (!topics.has(topic))
    throw new Misuse(`There is no topic "${topic}": it is one of ${[...topics.keys()].join(', ')}.`);
  return topic;
}

async function replayProjections(call: Call): Promise<void> {
  const name = serviceOf(call);
  const wanted = topicOption(call);
  const dryRun = call.options['dry-run'] === true;
  const system = findSystem(call.options);
  const { projectionsOf } = await import('../projections.js');
  const projections = await projectionsOf(name);
  const chosen = wanted === null ? Object.keys(projections) : [wanted];
  for (const topic of chosen) {
    if (!projections[topic])
      throw new Refusal(
        `${name} builds nothing of ${topic} alone: it does of ${Object.keys(projections).join(', ')}.`,
      );
  }
  const tables = chosen.flatMap((topic) => projections[topic] ?? []);
  if (!dryRun)
    await confirm(`${name} builds ${tables.join(', ')} anew of ${chosen.join(', ')}`, call.options);

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
          if (error instanceof LettersInTheWay)
            throw new Refusal(
              `${error.letters} events of ${topic} are parked at ${name}: redrive or discard them first (roost dead-letters), or they would be handled out of order.`,
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
  await confirm(`${name} is told ${topic ?? 'every event'} again from the start`, call.options);
  const counts = await deliverAll(call, system, name, topic);
  call.out.result({ service: name, ...counts }, [{ service: name, ...counts }]);
  if (counts.failed > 0)
    throw new Refusal(`${counts.failed} events could not be handled at once: see roost dead-letters list.`);
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
      const taken = topic === null ? topicsTakenBy(replica.get(EventConsumer).types) : [topic];
      for await (const batch of source.read({ topics: taken, from: 'start' })) {
        // Different keys side by side, those of one key in their order.
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
    // The service's own way with what fails: tried again, then parked.
    await new Promise<void>((settled) => replica.deliver({ event, settled }));
  }
}

function topicsTakenBy(types: ReadonlySet<string>): string[] {
  return [...topics.keys()].filter((topic) => {
    const [service = ''] = topic.split('.');
    return (Object.keys(events) as EventType[]).some(
      (type) => types.has(type) && topicOf(type, service) === topic,
    );
  });
}
