import { events, isEventType, topics } from '@roost/contracts';
import type { EventEnvelope, ServiceLag } from '@roost/messaging';
import { age } from '../age.js';
import { type Call, type Command, UsageError, type Row } from '../command.js';
import { withEventOperations } from '../event-operations.js';
import { inKafka, kafkaSource, withEvents } from '../event-source.js';
import { findSystem, LOCATION, serviceNamed, servicesOf } from '../system.js';
import { wholeNumber } from '../whole-number.js';

const MOST = 1_000_000;

export const command: Command = {
  summary: 'The events between the services.',
  actions: {
    tail: {
      summary:
        'Prints events as they are published, until Ctrl-C; with --json one per line, with their bodies, which may contain personal data.',
      options: {
        topic: { type: 'string', description: 'only those of this topic, such as bookings.booking' },
        type: { type: 'string', description: 'only those of this type, such as booking.confirmed' },
        key: { type: 'string', description: 'only those of this key (the id of an aggregate)' },
        service: { type: 'string', description: 'only those published by this service' },
        'from-start': { type: 'boolean', description: 'start with the oldest retained event' },
        limit: { type: 'string', description: 'stop after this number of events' },
        'no-follow': { type: 'boolean', description: 'stop after the newest event' },
        ...LOCATION,
      },
      run: tail,
    },
    lag: {
      summary:
        'How far behind the consumers are. With Kafka by topic, with the partitions that have waiting events; --json has all partitions.',
      options: { service: { type: 'string', description: 'only this consumer' }, ...LOCATION },
      run: lag,
    },
  },
};

async function tail({ options, out }: Call): Promise<void> {
  const topic = options.topic === undefined ? null : String(options.topic);
  if (topic !== null && !topics.has(topic))
    throw new UsageError(`There is no topic "${topic}": use one of ${[...topics.keys()].join(', ')}.`);
  const type = options.type === undefined ? null : String(options.type);
  if (type !== null && !isEventType(type))
    throw new UsageError(`There is no event "${type}": use one of ${Object.keys(events).join(', ')}.`);
  const key = options.key === undefined ? null : String(options.key);
  const limit = wholeNumber('limit', options.limit, MOST) ?? Infinity;
  const service = options.service === undefined ? null : serviceNamed(String(options.service));

  const ended = new AbortController();
  const stop = () => ended.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  let seen = 0;
  await withEvents(findSystem(options), service ? [service] : null, async (source) => {
    const batches = source.read({
      ...(topic === null ? {} : { topics: [topic] }),
      from: options['from-start'] === true || options['no-follow'] === true ? 'start' : 'now',
      ...(options['no-follow'] === true ? {} : { follow: ended.signal }),
    });
    for await (const batch of batches) {
      for (const event of batch) {
        if (type !== null && event.type !== type) continue;
        if (key !== null && event.key !== key) continue;
        if (service !== null && event.source !== `/${service}`) continue;
        out.line(plain(event), line(event));
        seen += 1;
        if (seen >= limit) return ended.abort();
      }
    }
  });
  process.off('SIGINT', stop).off('SIGTERM', stop);
}

const line = ({ time, type, key, aggregateVersion }: EventEnvelope) =>
  [time, type.padEnd(24), key, aggregateVersion === null ? '' : `v${aggregateVersion}`].join('  ').trimEnd();

function plain({ data, ...attributes }: EventEnvelope) {
  return { ...attributes, body: JSON.parse(data) as unknown };
}

interface Lag {
  listener: string;
  from: string;
  partition: number | null;
  behind: number;
  oldestSeconds: number | null;
}

async function lag({ options, out }: Call): Promise<void> {
  const listeners = servicesOf(options);
  const system = findSystem(options);
  const brokers = system.kafkaBrokers;
  if (brokers) {
    const lags = await inKafka(brokers, () => kafkaSource(brokers).lags(listeners));
    return out.result(lags.flatMap(partitionsOf), lags.flatMap(topicRows));
  }
  const lags = await lagsInOutboxes(system);
  const selected = lags.filter(({ listener }) => listeners.some((name) => name === listener));
  out.result(
    selected,
    selected.map(({ listener, from, behind, oldestSeconds }): Row => ({
      listener,
      from,
      behind,
      oldest: age(oldestSeconds),
    })),
  );
}

/** Kafka has the number of events, not their age. */
const partitionsOf = ({ service, partitions }: ServiceLag): Lag[] =>
  partitions.map(({ topic, partition, behind }) => ({
    listener: service,
    from: topic,
    partition,
    behind,
    oldestSeconds: null,
  }));

/** One row per topic. A service without a consumer group has a row as well. */
function topicRows({ service, members, partitions }: ServiceLag): Row[] {
  const running = members > 0 ? 'active' : 'none';
  if (partitions.length === 0) {
    return [{ listener: service, consumer: running, from: null, behind: null, partitions: null }];
  }
  const topics = Map.groupBy(partitions, ({ topic }) => topic);
  return [...topics].map(([topic, of]): Row => {
    const late = of.filter(({ behind }) => behind > 0);
    return {
      listener: service,
      consumer: running,
      from: topic,
      behind: late.reduce((sum, { behind }) => sum + behind, 0),
      partitions: late.map(({ partition, behind }) => `${partition}: ${behind}`).join(', ') || null,
    };
  });
}

/** Without Kafka, the outbox of each service has a cursor per listener. */
async function lagsInOutboxes(system: ReturnType<typeof findSystem>): Promise<Lag[]> {
  return withEventOperations(system, servicesOf({}), async (services) => {
    const statuses = await Promise.all(
      [...services].map(async ([from, { outbox }]) => ({ from, ...(await outbox.status()) })),
    );
    return statuses
      .flatMap(({ from, sinks }) =>
        sinks.map(({ sink, behind, oldestSeconds }) => ({
          listener: sink,
          from,
          partition: null,
          behind,
          oldestSeconds,
        })),
      )
      .toSorted((a, b) => a.listener.localeCompare(b.listener, 'en'));
  });
}
