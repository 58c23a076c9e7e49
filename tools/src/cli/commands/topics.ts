import { applyTopics, type kafkaClient, listTopics, plannedTopics, type TopicReport } from '@roost/messaging';
import { type Call, type Command, type Row, Refusal } from '../command.js';
import { inKafka, kafkaAt } from '../event-source.js';
import { dataDirOf, kafkaBrokersOf, LOCATION } from '../system.js';
import { wholeNumber } from '../whole-number.js';

type Kafka = ReturnType<typeof kafkaClient>;

/** More are slow to fetch from, and a service has no more replicas that work at the same time. */
const MOST_PARTITIONS = 1000;
const MOST_REPLICAS = 100;
const PARTITIONS = {
  type: 'string',
  description: `how many partitions a topic is to have (default: ${plannedTopics()[0]?.partitions})`,
} as const;

export const command: Command = {
  summary: "Kafka's topics, as the contracts of the events want them.",
  actions: {
    list: {
      summary: 'What Kafka has of them, and where that differs from what is wanted. Changes nothing.',
      options: { partitions: PARTITIONS, ...LOCATION },
      run: list,
    },
    apply: {
      summary:
        'Creates the topics that are missing and puts settings right. Deletes nothing, and never raises partitions unasked.',
      options: {
        'dry-run': { type: 'boolean', description: 'only say what would be done' },
        partitions: PARTITIONS,
        replicas: {
          type: 'string',
          description: 'on how many brokers a new topic is kept (default: 3, or all where there are fewer)',
        },
        raise: {
          type: 'boolean',
          description:
            'also raise the partitions of topics that have fewer: keys move then, so let the services handle all that is there and stop them first',
        },
        ...LOCATION,
      },
      run: apply,
    },
  },
};

async function list({ options, out }: Call): Promise<void> {
  const partitions = partitionsOf(options);
  const reports = await withKafka(options, (kafka, prefix) => listTopics(kafka, { prefix, ...partitions }));
  out.result(reports, reports.map(row));
}

async function apply({ options, out }: Call): Promise<void> {
  const partitions = partitionsOf(options);
  const replicas = wholeNumber('replicas', options.replicas, MOST_REPLICAS);
  const reports = await withKafka(options, (kafka, prefix) =>
    applyTopics(kafka, {
      prefix,
      ...partitions,
      ...(replicas === null ? {} : { replicas }),
      raise: options.raise === true,
      dryRun: options['dry-run'] === true,
    }),
  );
  out.result(reports, reports.map(row));
  const open = reports.filter(({ state }) => state === 'differs');
  if (open.length > 0 && options['dry-run'] !== true) {
    throw new Refusal(
      `${open.length} topic${open.length === 1 ? ' has' : 's have'} fewer partitions than wanted: raise them with --raise, or say the number that is there with --partitions.`,
    );
  }
}

function row({ name, kind, partitions, copies, state, changes }: TopicReport): Row {
  return { topic: name, kind, partitions, copies, state, changes: changes.join('; ') || null };
}

async function withKafka<T>(
  options: Call['options'],
  work: (kafka: Kafka, prefix: string) => Promise<T>,
): Promise<T> {
  const brokers = kafkaBrokersOf(options);
  if (!brokers) {
    throw new Refusal(
      `No Kafka is known: set KAFKA_BROKERS to a comma-separated list of host:port, or name by --data-dir the folder of a Roost that runs its own (now ${dataDirOf(options)}).`,
    );
  }
  return inKafka(brokers, () => {
    const { kafka, prefix } = kafkaAt(brokers, 'roost-cli');
    return work(kafka, prefix);
  });
}

function partitionsOf({ partitions: given }: Call['options']): { partitions?: number } {
  const partitions = wholeNumber('partitions', given, MOST_PARTITIONS);
  return partitions === null ? {} : { partitions };
}
