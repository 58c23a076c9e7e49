import type { Kafka } from 'kafkajs';
import { pollUntil, withAdmin } from './kafka-admin.js';

/** How long a topic may be missing from the metadata of one broker while another has just created it. */
const METADATA_DELAY_MS = 3_000;

/** The broker lacks topics that a service requires. */
export class MissingTopics extends Error {
  override readonly name = 'MissingTopics';
  readonly code = 'MissingTopics';
  constructor(readonly topics: readonly string[]) {
    super(
      `Kafka has no topic ${topics.join(', ')}: run "npm run roost -- topics apply" with the same KAFKA_BROKERS.`,
    );
  }
}

/** Throws MissingTopics, or the connection error if the broker does not respond. */
export async function requireTopics(kafka: Kafka, names: readonly string[], prefix = ''): Promise<void> {
  const required = names.map((name) => `${prefix}${name}`).sort();
  await withAdmin(kafka, (admin) =>
    pollUntil(async () => {
      const existing = new Set(await admin.listTopics());
      const missing = required.filter((name) => !existing.has(name));
      if (missing.length > 0) throw new MissingTopics(missing);
    }, METADATA_DELAY_MS),
  );
}
