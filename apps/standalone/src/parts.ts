import { startKafka, startPostgres, startRedis } from '@roost/embedded';
import { applyTopics, deleteAllTopics, kafkaClient, describeKafkaError } from '@roost/messaging';
import { StartError } from '@roost/platform';
import { kafkaConnection } from '@roost/service';
import type { Shutdown } from './shutdown.js';

type KafkaConfig = Parameters<typeof kafkaConnection>[0];

export interface LaunchOptions {
  dataDir: string;
  /** Prints one line of progress. */
  log: (line: string) => void;
  shutdown: Shutdown;
}

export interface Database {
  url(database: string): string;
  /** The address without the password. */
  description: string;
}

export async function startDatabase(
  config: { DATABASE_URL?: string; POSTGRES_PORT: number },
  { dataDir, log, shutdown }: LaunchOptions,
): Promise<Database> {
  if (config.DATABASE_URL) {
    const base = config.DATABASE_URL;
    const url = (database: string) => {
      const address = new URL(base);
      address.pathname = `/${database}`;
      return address.href;
    };
    return { url, description: new URL(base).host };
  }
  const postgres = await startPostgres({
    dataDir: `${dataDir}/postgres`,
    port: config.POSTGRES_PORT,
    log,
  });
  shutdown.last('PostgreSQL', () => postgres.stop());
  void postgres.ended.then((reason) => shutdown.because(reason));
  log(`PostgreSQL on port ${postgres.port}`);
  return {
    url: (database) => postgres.url(database),
    description: `postgresql://roost@127.0.0.1:${postgres.port} (password in ${dataDir}/postgres/role.password)`,
  };
}

export async function startCache(
  config: { url: string | undefined; port: number },
  { dataDir, log, shutdown }: LaunchOptions,
): Promise<{ url: string }> {
  const redis = await startRedis({ dataDir: `${dataDir}/redis`, ...config, log });
  shutdown.last('Redis', () => redis.stop());
  void redis.ended.then((reason) => shutdown.because(reason));
  log(redis.port === null ? 'Redis of REDIS_URL' : `Redis on port ${redis.port}`);
  return redis;
}

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
    ? { brokers: given, port: null }
    : await startKafka({
        dataDir: `${dataDir}/kafka`,
        brokers: given,
        port: config.KAFKA_PORT,
        log,
      }).then((own) => {
        shutdown.last('Kafka', () => own.stop());
        void own.ended.then((reason) => shutdown.because(reason));
        return own;
      });
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
