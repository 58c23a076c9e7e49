import { PartitionProgress } from './partition-progress.js';

/** A partition is paused at so many unprocessed messages of its own, or of all partitions; it is resumed at half of it. */
const PARTITION_LIMIT = 2_000;
const TOTAL_LIMIT = 5_000;
/** A key that takes long holds back the offset that may be committed; at this distance its partition is paused. */
const SPAN_LIMIT = 100_000;

/** The partitions that are assigned to this member until the next rebalance. */
export interface Assignment {
  readonly revoked: AbortController;
  /** By position, `topic/partition`. */
  readonly partitions: Map<string, PartitionProgress>;
  readonly committed: Map<string, string>;
  readonly paused: Set<string>;
}

export const newAssignment = (): Assignment => ({
  revoked: new AbortController(),
  partitions: new Map(),
  committed: new Map(),
  paused: new Set(),
});

export function topicPartitions(
  assignment: Assignment,
  position: string,
): { topic: string; partitions: number[] } {
  const progress = assignment.partitions.get(position);
  if (!progress) throw new TypeError(`No message of ${position} has been received`);
  return { topic: progress.topic, partitions: [progress.partition] };
}

/** Whether the partition has to be paused, for its own number of unprocessed messages or that of all partitions. */
export function mustPause(assignment: Assignment, { unprocessed, span }: PartitionProgress): boolean {
  return unprocessed >= PARTITION_LIMIT || span >= SPAN_LIMIT || unprocessedOf(assignment) >= TOTAL_LIMIT;
}

/** The positions of the paused partitions that can be resumed. */
export function resumable(assignment: Assignment): string[] {
  if (assignment.paused.size === 0 || unprocessedOf(assignment) >= TOTAL_LIMIT / 2) return [];
  return [...assignment.paused].filter((position) => {
    const progress = assignment.partitions.get(position);
    return !progress || (progress.unprocessed < PARTITION_LIMIT / 2 && progress.span < SPAN_LIMIT);
  });
}

function unprocessedOf({ partitions }: Assignment): number {
  let unprocessed = 0;
  for (const progress of partitions.values()) unprocessed += progress.unprocessed;
  return unprocessed;
}
