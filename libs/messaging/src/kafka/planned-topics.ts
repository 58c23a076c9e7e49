import { topics as contracts } from '@roost/contracts';
import { deadLetterTopic } from '../dead-letter-notice.js';
import { EVENT_LIMIT_BYTES } from '../envelope.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const PARTITIONS = 6;

export type TopicKind = 'state' | 'fact' | 'dead-letter';

export interface PlannedTopic {
  readonly name: string;
  readonly kind: TopicKind;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface PlanOptions {
  /** Of every topic except the dead-letter topics. The partition of a key depends on this number: choose it once. */
  partitions?: number;
  /** The prefix of every name, where several Roosts share a Kafka. */
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
      // Erased data is removed from the broker's disk within a week, even if little is written.
      'max.compaction.lag.ms': String(7 * DAY_MS),
      'delete.retention.ms': String(DAY_MS),
    };
  }
  return {
    ...limit,
    'cleanup.policy': 'delete',
    'retention.ms': String(30 * DAY_MS),
    // Retention must not depend on a producer's clock.
    'message.timestamp.type': 'LogAppendTime',
  };
}
