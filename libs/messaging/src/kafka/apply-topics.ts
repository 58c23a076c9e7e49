import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { pollUntil, withAdmin } from './kafka-admin.js';
import { type PlannedTopic, plannedTopics, type PlanOptions, type TopicKind } from './planned-topics.js';

// Node finds no named export of it.
const { ConfigResourceTypes } = kafkajs;
/** kafkajs' `ConfigSource.TOPIC_CONFIG`: the value was set for this topic. */
const TOPIC_CONFIG = 1;
const APPLIED_WITHIN_MS = 30_000;

export interface TopicReport {
  readonly name: string;
  readonly kind: TopicKind;
  /** On the broker; null if the topic does not exist. */
  readonly partitions: number | null;
  readonly planned: number;
  /** The replicas of each partition; null if the topic does not exist. Never changed for an existing topic. */
  readonly copies: number | null;
  /** `differs`: a change is required that is only made on request. */
  readonly state: 'created' | 'changed' | 'raised' | 'unchanged' | 'missing' | 'differs';
  /** The changes made or required: `retention.ms 604800000 → 2592000000`. */
  readonly changes: readonly string[];
}

export interface ApplyOptions extends PlanOptions {
  /** The replicas of each partition of a new topic; default 3, or the number of brokers if that is lower. */
  replicas?: number;
  /** Also raises the number of partitions: keys move to other partitions, and meanwhile events of a key may arrive out of order. */
  raise?: boolean;
  /** Only reports the changes. */
  dryRun?: boolean;
}

/** Creates missing topics and corrects the settings of existing ones. Deletes nothing. */
export async function applyTopics(kafka: Kafka, options: ApplyOptions = {}): Promise<TopicReport[]> {
  return withAdmin(kafka, async (admin) => {
    const plan = plannedTopics(options);
    const existing = await existingTopics(admin, plan);
    const missing = plan.filter(({ name }) => !existing.has(name));
    const copies =
      missing.length > 0 && !options.dryRun ? await create(admin, missing, options.replicas) : null;
    const reports: TopicReport[] = [];
    for (const topic of plan) {
      const found = existing.get(topic.name);
      reports.push(found ? await update(admin, topic, found, options) : missingReport(topic, copies));
    }
    const touched = plan.filter((_, index) => reports[index]?.state !== 'unchanged');
    if (!options.dryRun && touched.length > 0) await waitUntilApplied(admin, touched, options.raise ?? false);
    return reports;
  });
}

/** Compares the broker's topics with the planned ones. */
export async function listTopics(kafka: Kafka, options: PlanOptions = {}): Promise<TopicReport[]> {
  return applyTopics(kafka, { ...options, dryRun: true });
}

/** Deletes every topic except Kafka's internal ones, and returns once the broker lists none of them. */
export async function deleteAllTopics(kafka: Kafka): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    const listed = async () => (await admin.listTopics()).filter((name) => !name.startsWith('__'));
    const topics = await listed();
    if (topics.length === 0) return;
    await admin.deleteTopics({ topics });
    await pollUntil(async () => {
      const remaining = await listed();
      if (remaining.length > 0) throw new Error(`Kafka has not deleted ${remaining.join(', ')}`);
    }, APPLIED_WITHIN_MS);
  });
}

/** `copies`: null if the topic has not been created. */
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

interface ExistingTopic {
  readonly partitions: number;
  /** Whether each partition has a leader. */
  readonly led: boolean;
  readonly copies: number;
  /** The effective settings, from all sources. */
  readonly config: ReadonlyMap<string, string>;
  /** The settings made for this topic. */
  readonly own: ReadonlyMap<string, string>;
}

async function existingTopics(
  admin: Admin,
  plan: readonly PlannedTopic[],
): Promise<Map<string, ExistingTopic>> {
  const listed = new Set(await admin.listTopics());
  const names = plan.map(({ name }) => name).filter((name) => listed.has(name));
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
      const own = entries.filter(({ configSource }) => Number(configSource) === TOPIC_CONFIG);
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

/** Returns the number of replicas of the new topics. */
async function create(
  admin: Admin,
  topics: readonly PlannedTopic[],
  replicas: number | undefined,
): Promise<number> {
  const { brokers } = await admin.describeCluster();
  const copies = replicas ?? Math.min(3, brokers.length);
  await admin.createTopics({
    // The wait of kafkajs fails if the broker's metadata does not have the topic yet.
    waitForLeaders: false,
    timeout: 30_000,
    topics: topics.map(({ name, partitions, config }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor: copies,
      configEntries: Object.entries({
        ...config,
        // With three replicas, two have an event before it is acknowledged.
        'min.insync.replicas': String(Math.max(1, copies - 1)),
      }).map(([setting, value]) => ({ name: setting, value })),
    })),
  });
  return copies;
}

/**
 * Returns once the broker's metadata shows the changes: a broker acknowledges a change before its own metadata has it.
 * Throws the first difference after the time limit.
 */
async function waitUntilApplied(
  admin: Admin,
  changed: readonly PlannedTopic[],
  raised: boolean,
): Promise<void> {
  await pollUntil(async () => {
    const existing = await existingTopics(admin, changed);
    for (const topic of changed) {
      const found = existing.get(topic.name);
      if (!found?.led) throw new Error(`Kafka has not elected a leader of each partition of ${topic.name}`);
      if (raised && found.partitions < topic.partitions) {
        throw new Error(`Kafka has not raised the number of partitions of ${topic.name}`);
      }
      const differences = settingDifferences(topic, found);
      if (differences.length > 0) {
        throw new Error(`Kafka has not applied the settings of ${topic.name}: ${differences.join(', ')}`);
      }
    }
  }, APPLIED_WITHIN_MS);
}

/** `retention.ms 604800000 → 2592000000` */
function settingDifferences({ config }: PlannedTopic, found: ExistingTopic): string[] {
  return Object.entries(config)
    .filter(([setting, value]) => found.config.get(setting) !== value)
    .map(([setting, value]) => `${setting} ${found.config.get(setting) ?? '–'} → ${value}`);
}

async function update(
  admin: Admin,
  topic: PlannedTopic,
  found: ExistingTopic,
  options: ApplyOptions,
): Promise<TopicReport> {
  const { name, kind, partitions: planned, config } = topic;
  const changes = settingDifferences(topic, found);
  const report = { name, kind, planned, partitions: found.partitions, copies: found.copies };
  if (changes.length > 0 && !options.dryRun) {
    // The request replaces all settings of the topic, so it includes the settings that others have made.
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
