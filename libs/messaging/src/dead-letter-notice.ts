import type { EntityManager } from '@mikro-orm/postgresql';
import type { EventEnvelope } from './envelope.js';
import { errorCode, errorDetail } from './errors.js';
import { insertOutboxEvent } from './outbox.queries.js';

/** The outbox type of a dead letter's copy. No contract describes it, so no service can listen to it. */
export const DEAD_LETTER_TYPE = 'dead-letter';

export function deadLetterTopic(service: string): string {
  return `${service}.dead-letter`;
}

/** Why an event could not be handled, and after how many tries. */
export interface HandlingFailure {
  readonly error: unknown;
  readonly tries: number;
}

export interface DeadLetterNotice {
  readonly event: EventEnvelope;
  readonly code: string;
  readonly detail: string;
  readonly tries: number;
}

/**
 * Publishes the operators' copy of a dead letter through the outbox, in the transaction that stores the dead letter:
 * either both are committed or neither is. Without Kafka no sink accepts the copy; outbox retention deletes it.
 */
export async function publishDeadLetterNotice(
  em: EntityManager,
  service: string,
  event: EventEnvelope,
  { error, tries }: HandlingFailure,
): Promise<void> {
  const { id, type, source, topic, key, time, aggregateVersion, schemaVersion, traceparent, data } = event;
  const notice: DeadLetterNotice = {
    event: { id, type, source, topic, key, time, aggregateVersion, schemaVersion, traceparent, data },
    code: errorCode(error),
    detail: errorDetail(error),
    tries,
  };
  await insertOutboxEvent(em, {
    type: DEAD_LETTER_TYPE,
    topic: deadLetterTopic(service),
    key,
    compacted: false,
    version: null,
    schemaVersion: 1,
    traceparent,
    body: JSON.stringify(notice),
  });
}

export function parseDeadLetterNotice(data: string): DeadLetterNotice {
  return JSON.parse(data) as DeadLetterNotice;
}
