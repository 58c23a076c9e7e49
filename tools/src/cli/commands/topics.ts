import { applyTopics, type kafkaClient, listTopics, plannedTopics, type TopicReport } from '@roost/messaging';
import { type Call, type Command, type Row, OperatorError } from '../command.js';
import { inKafka, kafkaAt } from '../event-source.js';
import { dataDirOf, kafkaBrokersOf, LOCATION } from '../system.js';
import { wholeNumber } from '../whole-number.js';

type Kafka = ReturnType<typeof kafkaClient>;

/** More are slow to fetch from, and no service has more concurrent replicas. */
const MOST_PARTITIONS = 1000;
const MOST_REPLICAS = 100;
const PARTITIONS = {
  type: 'string',
  description: `the number of partitions of a topic (default: ${plannedTopics()[0]?.partitions})`,
} as const;

export const command: Command = {
  summary: 'The Kafka topics that the contracts of the events require.',
  actions: {
    list: {
      summary: 'Lists them and how they differ from the required settings. Changes nothing.',
      options: { partitions: PARTITIONS, ...LOCATION },
      run: list,
    },
    apply: {
      summary:
        'Creates missing topics and corrects settings. Deletes nothing, and raises partitions only with --raise.',
      options: {
        'dry-run': { type: 'boolean', description: 'only print what would change' },
        partitions: PARTITIONS,
        replicas: {
          type: 'string',
          description:
            'the replicas of a new topic (default: 3, or the number of brokers if there are fewer)',
        },
        raise: {
          type: 'boolean',
          description:
            'also raise the partitions of topics that have fewer: keys then move, so let the services process all events and stop them first',
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
    throw new OperatorError(
      `${open.length} topic${open.length === 1 ? ' has' : 's have'} fewer partitions than requested: raise them with --raise, or pass the present number with --partitions.`,
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
    throw new OperatorError(
      `There is no Kafka: set KAFKA_BROKERS to a comma-separated list of host:port, or pass with --data-dir the folder of an installation that runs its own (now ${dataDirOf(options)}).`,
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
