import {
  type EventSource,
  kafkaClient,
  describeKafkaError,
  KafkaSource,
  OutboxSource,
} from '@roost/messaging';
import { readConfig, StartError } from '@roost/platform';
import { kafkaConnection } from '@roost/service';
import { z } from 'zod';
import { OperatorError } from './command.js';
import { type ServiceName, SERVICES, type System, withDatabases } from './system.js';

/** The events of these services (null: of all), read from Kafka or, in embedded mode, from the outboxes. */
export async function withEvents<T>(
  system: System,
  producers: readonly ServiceName[] | null,
  work: (source: EventSource) => Promise<T>,
): Promise<T> {
  if (system.kafkaBrokers) {
    const brokers = system.kafkaBrokers;
    return inKafka(brokers, () => work(kafkaSource(brokers)));
  }
  return withDatabases(system, producers ?? SERVICES, (databases) => work(new OutboxSource(databases)));
}

export function kafkaSource(brokers: string): KafkaSource {
  const { kafka, prefix } = kafkaAt(brokers, 'roost-operator');
  return new KafkaSource(kafka, prefix);
}

/** A client with the same settings as the services. */
export function kafkaAt(brokers: string, clientId: string) {
  try {
    const env = { ...process.env, KAFKA_BROKERS: brokers };
    const { prefix = '', ...where } = kafkaConnection(readConfig(z.object({}), env, { database: false }));
    return { kafka: kafkaClient({ ...where, clientId }), prefix };
  } catch (error) {
    throw error instanceof StartError ? new OperatorError(error.message) : error;
  }
}

/** Turns an error of the connection to Kafka into one sentence. */
export async function inKafka<T>(brokers: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error as Error).name.startsWith('KafkaJS')) throw error;
    throw new OperatorError(`Kafka at ${brokers} can't be used: ${describeKafkaError(error)}.`);
  }
}
