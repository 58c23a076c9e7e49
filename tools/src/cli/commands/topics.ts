import { applyTopics, kafkaClient, listTopics, plannedTopics, type TopicReport } from '@roost/messaging';
import { kafkaConnection, readConfig, StartError } from '@roost/platform';
import { z } from 'zod';
import { type Call, type Command, type Row, Refusal } from '../command.js';

/** More are slow to fetch from, and a service has no more replicas that work at the same time. */
const MOST_PARTITIONS = 1000;
const PARTITIONS = {
  type: 'string',
  description: `how many partitions a topic is to have (default: ${plannedTopics()[0]?.partitions})`,
} as const;

export const command: Command = {
  summary: "Kafka's topics, as the contracts of the events want them. Kafka is where KAFKA_BROKERS says.",
  actions: {
    list: {
      summary: 'What Kafka has of them, and where that differs from what is wanted. Changes nothing.',
      options: { partitions: PARTITIONS },
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
      },
      run: apply,
    },
  },
};

async function list({ options, out }: Call): Promise<void> {
  const { kafka, prefix } = connection();
  const reports = await asked(() => listTopics(kafka, { prefix, ...partitionsOf(options.partitions) }));
  out.result(reports, reports.map(row));
}

async function apply({ options, out }: Call): Promise<void> {
  const { kafka, prefix } = connection();
  const replicas = number('replicas', options.replicas, 100);
  const reports = await asked(() =>
    applyTopics(kafka, {
      prefix,
      ...partitionsOf(options.partitions),
      ...(replicas === undefined ? {} : { replicas }),
      raise: options.raise === true,
      dryRun: options['dry-run'] === true,
    }),
  );
  out.result(reports, reports.map(row));
  const open = reports.filter(({ state }) => state === 'differs');
  if (open.length > 0 && options['dry-run'] !== true) {
    throw new Refusal(
      `${open.map(({ name }) => name).join(', ')} ${open.length === 1 ? 'has' : 'have'} fewer partitions than wanted: raise them with --raise, or say the number that is there with --partitions.`,
    );
  }
}

function row({ name, kind, partitions, state, changes }: TopicReport): Row {
  return { topic: name, kind, partitions, state, changes: changes.join('; ') || null };
}

function connection() {
  try {
    const { prefix = '', ...where } = kafkaConnection(
      readConfig(z.object({}), process.env, { database: false }),
    );
    return { kafka: kafkaClient({ ...where, clientId: 'roost-cli' }), prefix };
  } catch (error) {
    throw error instanceof StartError ? new Refusal(error.message) : error;
  }
}

/** What keeps Kafka from answering is said without a stack. */
async function asked<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    const { name, message } = error as Error;
    if (!name.startsWith('KafkaJS')) throw error;
    throw new Refusal(`Kafka (KAFKA_BROKERS is ${process.env.KAFKA_BROKERS}) does not do that: ${message}`);
  }
}

function partitionsOf(given: string | boolean | undefined): { partitions?: number } {
  const partitions = number('partitions', given, MOST_PARTITIONS);
  return partitions === undefined ? {} : { partitions };
}

function number(name: string, given: string | boolean | undefined, most: number): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw new Refusal(`--${name} takes a whole number from 1 to ${most}, not "${given}".`);
}
