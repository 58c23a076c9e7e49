import type { EntityManager } from '@mikro-orm/postgresql';
import type { EventEnvelope } from './envelope.js';
import { errorCode, errorDetail } from './errors.js';

/** The outbox's name for the copy of a parked event. No contract has it, so no service can listen to it. */
export const DEAD_LETTER_TYPE = 'dead-letter';

export function deadLetterTopic(service: string): string {
  return `${service}.dead-letter`;
}

export interface DeadLetterNotice {
  readonly letter: EventEnvelope;
  readonly code: string;
  readonly detail: string;
  readonly tries: number;
}

/**
 * Puts the copy for operators into the outbox, in the transaction that parks the event: what is parked is announced,
 * what is announced is parked. Where there is no Kafka nobody takes it, and it goes with the outbox's retention.
 */
export async function announceDeadLetter(
  em: EntityManager,
  service: string,
  { id, type, source, topic, key, time, aggregateVersion, schemaVersion, traceparent, data }: EventEnvelope,
  error: unknown,
  tries: number,
): Promise<void> {
  const notice: DeadLetterNotice = {
    letter: { id, type, source, topic, key, time, aggregateVersion, schemaVersion, traceparent, data },
    code: errorCode(error),
    detail: errorDetail(error),
    tries,
  };
  await em.execute(
    `INSERT INTO outbox_event (type, topic, key, compacted, schema_version, traceparent, body) VALUES (?, ?, ?, false, 1, ?, ?::jsonb)`,
    [DEAD_LETTER_TYPE, deadLetterTopic(service), key, traceparent, JSON.stringify(notice)],
    'run',
  );
}

export function readNotice(data: string): DeadLetterNotice {
  return JSON.parse(data) as DeadLetterNotice;
}
