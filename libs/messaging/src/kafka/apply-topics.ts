import { setTimeout as pause } from 'node:timers/promises';
import { topics as contracts } from '@roost/contracts';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { deadLetterTopic } from '../dead-letter-notice.js';
import { EVENT_LIMIT_BYTES } from '../envelope.js';

// Node finds no named export of it.
const { ConfigResourceTypes } = kafkajs;
const DAY_MS = 24 * 60 * 60 * 1000;
export const PARTITIONS = 6;
/** What Kafka calls a value that somebody has set for this topic. */
const SET_FOR_TOPIC = 1;
const SHOWN_WITHIN_MS = 30_000;
/** How long a topic may be unknown to the broker that is asked: another one may have created it just now. */
const HEARD_OF_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 50;

/** What a service needs and the broker does not have. */
export class MissingTopics extends Error {
  override readonly name = 'MissingTopics';
  readonly code = 'MissingTopics';
  constructor(readonly topics: readonly string[]) {
    super(
      `Kafka has no topic ${topics.join(', ')}: run "npm run roost -- topics apply" with the same KAFKA_BROKERS.`,
    );
  }
}

export type TopicKind = 'state' | 'fact' | 'dead-letter';

export interface PlannedTopic {
  readonly name: string;
  readonly kind: TopicKind;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface PlanOptions {
  /** Of every topic but the dead letters'. A key's partition depends on their number: it is chosen once. */
  partitions?: number;
  /** Before every name, where several Roosts share a Kafka. */
  prefix?: string;
}

/** Every topic of Roost, from the contracts. */
export function plannedTopics({ partitions = PARTITIONS, prefix = '' }: PlanOptions = {}): PlannedTopic[] {
  const services = new Set([...contracts.keys()].map((name) => name.slice(0, name.indexOf('.'))));
  return [
    ...[...contracts].map(([name, { kind }]) => ({
      name: `${prefix}${name}`,
      kind,
      partitions,
      config: configOf(kind),
    })),
    ...[...services].map((service) => ({
      name: `${prefix}${deadLetterTopic(service)}`,
      kind: 'dead-letter' as const,
      partitions: 1,
      config: configOf('dead-letter'),
    })),
  ].sort((a, b) => a.name.localeCompare(b.name));
}

function configOf(kind: TopicKind): Record<string, string> {
  const limit = { 'max.message.bytes': String(EVENT_LIMIT_BYTES + 148_576) };
  if (kind === 'state') {
    return {
      ...limit,
      'cleanup.policy': 'compact',
      'retention.ms': '-1',
      // What was erased is gone from the broker's disk within a week, also where little is written.
      'max.compaction.lag.ms': String(7 * DAY_MS),
      'delete.retention.ms': String(DAY_MS),
    };
  }
  return {
    ...limit,
    'cleanup.policy': 'delete',
    'retention.ms': String(30 * DAY_MS),
    // A producer's clock decides nothing.
    'message.timestamp.type': 'LogAppendTime',
  };
}

/** Throws MissingTopics, or what keeps the broker from answering. */
export async function requireTopics(kafka: Kafka, names: readonly string[], prefix = ''): Promise<void> {
  const wanted = names.map((name) => `${prefix}${name}`).sort();
  await withAdmin(kafka, (admin) =>
    untilItHolds(async () => {
      const present = new Set(await admin.listTopics());
      const missing = wanted.filter((name) => !present.has(name));
      if (missing.length > 0) throw new MissingTopics(missing);
    }, HEARD_OF_WITHIN_MS),
  );
}

/** Deletes every topic but Kafka's own, and returns once none is known any more. */
export async function deleteAllTopics(kafka: Kafka): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    const known = async () => (await admin.listTopics()).filter((name) => !name.startsWith('__'));
    const topics = await known();
    if (topics.length === 0) return;
    await admin.deleteTopics({ topics });
    await untilItHolds(async () => {
      const left = await known();
      if (left.length > 0) throw new Error(`Kafka has not deleted ${left.join(', ')}`);
    }, SHOWN_WITHIN_MS);
  });
}

async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

export interface TopicReport {
  readonly name: string;
  readonly kind: TopicKind;
  /** On the broker; null: there is no such topic. */
  readonly partitions: number | null;
  readonly planned: number;
  /** On how many brokers each partition is kept; null: there is no such topic. What is there stays as it is. */
  readonly copies: number | null;
  /** `differs` only: what is to be done is not done without being asked for. */
  readonly state: 'created' | 'changed' | 'raised' | 'unchanged' | 'missing' | 'differs';
  /** What was, or would be, changed: `retention.ms 604800000 → 2592000000`. */
  readonly changes: readonly string[];
}

export interface ApplyOptions extends PlanOptions {
  /** On how many brokers each partition is kept; default 3, or all where there are fewer. */
  replicas?: number;
  /** Also raise the number of partitions: keys then move, and events of one key may overtake each other while they do. */
  raise?: boolean;
  /** Only says what it would do. */
  dryRun?: boolean;
}

/** Makes the broker's topics those of the contracts: what is missing is created, settings are put right. Nothing is deleted. */
export async function applyTopics(kafka: Kafka, options: ApplyOptions = {}): Promise<TopicReport[]> {
  return withAdmin(kafka, async (admin) => {
    const plan = plannedTopics(options);
    const present = await presentTopics(admin, plan);
    const missing = plan.filter(({ name }) => !present.has(name));
    const copies =
      missing.length > 0 && !options.dryRun ? await create(admin, missing, options.replicas) : null;
    const reports: TopicReport[] = [];
    for (const topic of plan) {
      const found = present.get(topic.name);
      reports.push(found ? await mend(admin, topic, found, options) : missingReport(topic, copies));
    }
    const touched = plan.filter((_, index) => reports[index]?.state !== 'unchanged');
    if (!options.dryRun && touched.length > 0) await untilShown(admin, touched, options.raise ?? false);
    return reports;
  });
}

/** What the broker has of the planned topics. */
export async function listTopics(kafka: Kafka, options: PlanOptions = {}): Promise<TopicReport[]> {
  return applyTopics(kafka, { ...options, dryRun: true });
}

/** `copies`: null where it has not been created. */
function missingReport({ name, kind, partitions, config }: PlannedTopic, copies: number | null): TopicReport {
  return {
    name,
    kind,
    partitions: copies === null ? null : partitions,
    planned: partitions,
    copies,
    state: copies === null ? 'missing' : 'created',
    changes: Object.entries(config).map(([setting, value]) => `${setting} ${value}`),
  };
}

interface PresentTopic {
  readonly partitions: number;
  /** Whether each of them has a leader. */
  readonly led: boolean;
  readonly copies: number;
  /** What applies, by whoever set it. */
  readonly config: ReadonlyMap<string, string>;
  /** What was set for this topic. */
  readonly own: ReadonlyMap<string, string>;
}

async function presentTopics(
  admin: Admin,
  plan: readonly PlannedTopic[],
): Promise<Map<string, PresentTopic>> {
  const known = new Set(await admin.listTopics());
  const names = plan.map(({ name }) => name).filter((name) => known.has(name));
  if (names.length === 0) return new Map();
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  return new Map(
    topics.map(({ name, partitions }) => {
      const entries =
        resources.find(({ resourceName }) => resourceName === name)?.configEntries.map((entry) => entry) ??
        [];
      const pairs = (list: typeof entries) =>
        new Map(list.map(({ configName, configValue }) => [configName, configValue]));
      const own = entries.filter(({ configSource }) => Number(configSource) === SET_FOR_TOPIC);
      return [
        name,
        {
          partitions: partitions.length,
          led: partitions.every(({ leader }) => leader >= 0),
          copies: Math.min(...partitions.map(({ replicas }) => replicas.length)),
          config: pairs(entries),
          own: pairs(own),
        },
      ];
    }),
  );
}

/** Gives back on how many brokers they are kept. */
async function create(
  admin: Admin,
  topics: readonly PlannedTopic[],
  replicas: number | undefined,
): Promise<number> {
  const { brokers } = await admin.describeCluster();
  const copies = replicas ?? Math.min(3, brokers.length);
  await admin.createTopics({
    // kafkajs' own waiting fails where the broker that is asked has not heard of the topic yet.
    waitForLeaders: false,
    timeout: 30_000,
    topics: topics.map(({ name, partitions, config }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor: copies,
      configEntries: Object.entries({
        ...config,
        // An acknowledged event is on two disks where there are three.
        'min.insync.replicas': String(Math.max(1, copies - 1)),
      }).map(([setting, value]) => ({ name: setting, value })),
    })),
  });
  return copies;
}

/**
 * Returns once the broker shows what it was asked for: it agrees to a change before it has heard of it itself.
 * Throws what is not as asked when that takes too long.
 */
async function untilShown(admin: Admin, asked: readonly PlannedTopic[], raised: boolean): Promise<void> {
  await untilItHolds(async () => {
    const present = await presentTopics(admin, asked);
    for (const topic of asked) {
      const found = present.get(topic.name);
      if (!found?.led) throw new Error(`Kafka has not given each partition of ${topic.name} a leader`);
      if (raised && found.partitions < topic.partitions) {
        throw new Error(`Kafka has not raised the partitions of ${topic.name}`);
      }
      const wrong = wrongSettings(topic, found);
      if (wrong.length > 0) {
        throw new Error(`Kafka has not taken the settings of ${topic.name}: ${wrong.join(', ')}`);
      }
    }
  }, SHOWN_WITHIN_MS);
}

/** Looks until it throws no longer; throws what it threw last when that takes too long. */
async function untilItHolds(look: () => Promise<void>, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(LOOK_EVERY_MS);
  }
}

/** `retention.ms 604800000 → 2592000000` */
function wrongSettings({ config }: PlannedTopic, found: PresentTopic): string[] {
  return Object.entries(config)
    .filter(([setting, value]) => found.config.get(setting) !== value)
    .map(([setting, value]) => `${setting} ${found.config.get(setting) ?? '–'} → ${value}`);
}

async function mend(
  admin: Admin,
  topic: PlannedTopic,
  found: PresentTopic,
  options: ApplyOptions,
): Promise<TopicReport> {
  const { name, kind, partitions: planned, config } = topic;
  const changes = wrongSettings(topic, found);
  const report = { name, kind, planned, partitions: found.partitions, copies: found.copies };
  if (changes.length > 0 && !options.dryRun) {
    // The request replaces all that was set for the topic, so what others have set goes along.
    const entries = new Map([...found.own, ...Object.entries(config)]);
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name,
          configEntries: [...entries].map(([setting, value]) => ({ name: setting, value })),
        },
      ],
    });
  }
  if (found.partitions < planned && options.raise) {
    changes.push(`partitions ${found.partitions} → ${planned}`);
    if (!options.dryRun) {
      await admin.createPartitions({ topicPartitions: [{ topic: name, count: planned }], timeout: 30_000 });
      return { ...report, partitions: planned, state: 'raised', changes };
    }
  }
  if (found.partitions < planned && !options.raise) {
    changes.push(`partitions ${found.partitions}, planned are ${planned}: raise them with --raise`);
    return { ...report, state: 'differs', changes };
  }
  if (changes.length === 0) return { ...report, state: 'unchanged', changes };
  return { ...report, state: options.dryRun ? 'differs' : 'changed', changes };
}
