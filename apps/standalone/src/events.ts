import { type EmbeddedKafka, startKafka, supervise } from '@roost/embedded';
import { applyTopics, deleteAllTopics, kafkaClient, describeKafkaError } from '@roost/messaging';
import { StartError } from '@roost/platform';
import { kafkaConnection } from '@roost/service';
import type { LaunchOptions } from './parts.js';

type KafkaConfig = Parameters<typeof kafkaConnection>[0];

export interface KafkaServer {
  brokers: string;
  /** Creates the missing topics of the contracts. */
  applyTopics(): Promise<void>;
  /** Deletes all topics of a broker that was started here. */
  deleteTopics(): Promise<void>;
}

export async function startEvents(
  config: KafkaConfig & { KAFKA_PORT: number },
  { dataDir, log, shutdown }: LaunchOptions,
): Promise<KafkaServer> {
  const given = config.KAFKA_BROKERS?.join(',');
  // A broker with TLS or a password is checked by the services.
  const secured = given !== undefined && (config.KAFKA_TLS === 'on' || config.KAFKA_SASL !== undefined);
  const kafka = secured
    ? ({ brokers: given, port: null } as const)
    : await startKafka({ dataDir: `${dataDir}/kafka`, brokers: given, port: config.KAFKA_PORT, log });
  if (kafka.port !== null) superviseKafka(kafka, kafka.port, { dataDir, log, shutdown });
  log(kafka.port === null ? 'Kafka of KAFKA_BROKERS' : `Kafka on port ${kafka.port}`);
  const client = kafkaClient({
    ...kafkaConnection({ ...config, KAFKA_BROKERS: kafka.brokers.split(',') }),
    clientId: 'roost',
  });
  return {
    brokers: kafka.brokers,
    applyTopics: async () => {
      const reports = await applyTopics(client, { prefix: config.KAFKA_PREFIX }).catch((error: Error) => {
        if (!error.name.startsWith('KafkaJS')) throw error;
        throw new StartError(
          `The Kafka of KAFKA_BROKERS (${kafka.brokers}) can't be used: ${describeKafkaError(error)}.`,
        );
      });
      const created = reports.filter(({ state }) => state === 'created').length;
      if (created > 0) log(`${created} topics created in Kafka`);
    },
    deleteTopics: async () => {
      if (kafka.port !== null) await deleteAllTopics(client);
    },
  };
}

/** Events wait in the outbox while Kafka restarts, and its folder keeps the topics. */
function superviseKafka(kafka: EmbeddedKafka, port: number, { dataDir, log, shutdown }: LaunchOptions): void {
  const folder = `${dataDir}/kafka`;
  const restart = () => startKafka({ dataDir: folder, port, log });
  const supervised = supervise(kafka, { name: 'Kafka', restart, log, folder });
  shutdown.last('Kafka', () => supervised.stop());
  void supervised.ended.then((reason) => shutdown.because(reason));
}
