import { startKafka, startPostgres, startRedis } from '@roost/embedded';
import { applyTopics, deleteAllTopics, kafkaClient, kafkaComplaint } from '@roost/messaging';
import { StartError } from '@roost/platform';
import { kafkaConnection } from '@roost/service';
import type { Shutdown } from './shutdown.js';

type KafkaConfig = Parameters<typeof kafkaConnection>[0];

/** Where a part comes from, and who hears of it. */
interface Around {
  dataDir: string;
  said: (line: string) => void;
  shutdown: Shutdown;
}

export interface Database {
  url(database: string): string;
  /** For the greeting: without the password. */
  shown: string;
}

export async function startDatabase(
  config: { DATABASE_URL?: string; POSTGRES_PORT: number },
  { dataDir, said, shutdown }: Around,
): Promise<Database> {
  if (config.DATABASE_URL) {
    const base = config.DATABASE_URL;
    const url = (database: string) => {
      const address = new URL(base);
      address.pathname = `/${database}`;
      return address.href;
    };
    return { url, shown: new URL(base).host };
  }
  const postgres = await startPostgres({
    dataDir: `${dataDir}/postgres`,
    port: config.POSTGRES_PORT,
    log: said,
  });
  shutdown.last('PostgreSQL', () => postgres.stop());
  void postgres.ended.then((why) => shutdown.because(why));
  said(`PostgreSQL on port ${postgres.port}`);
  return {
    url: (database) => postgres.url(database),
    shown: `postgresql://roost@127.0.0.1:${postgres.port} (password in ${dataDir}/postgres/role.password)`,
  };
}

export async function startCache(
  config: { url: string | undefined; port: number },
  { dataDir, said, shutdown }: Around,
): Promise<{ url: string }> {
  const redis = await startRedis({ dataDir: `${dataDir}/redis`, ...config, log: said });
  shutdown.last('Redis', () => redis.stop());
  void redis.ended.then((why) => shutdown.because(why));
  said(redis.port === null ? 'Redis of REDIS_URL' : `Redis on port ${redis.port}`);
  return redis;
}

export interface Events {
  brokers: string;
  /** Makes the topics of the contracts, where they are missing. */
  applyTopics(): Promise<void>;
  /** Forgets all events that were ever told; only a broker that is ours. */
  empty(): Promise<void>;
}

export async function startEvents(
  config: KafkaConfig & { KAFKA_PORT: number },
  { dataDir, said, shutdown }: Around,
): Promise<Events> {
  const given = config.KAFKA_BROKERS?.join(',');
  // Who wants a name and a password is left to the services to ask.
  const guarded = given !== undefined && (config.KAFKA_TLS === 'on' || config.KAFKA_SASL !== undefined);
  const kafka = guarded
    ? { brokers: given, port: null }
    : await startKafka({
        dataDir: `${dataDir}/kafka`,
        brokers: given,
        port: config.KAFKA_PORT,
        log: said,
      }).then((own) => {
        shutdown.last('Kafka', () => own.stop());
        void own.ended.then((why) => shutdown.because(why));
        return own;
      });
  said(kafka.port === null ? 'Kafka of KAFKA_BROKERS' : `Kafka on port ${kafka.port}`);
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
          `The Kafka of KAFKA_BROKERS (${kafka.brokers}) can't be used: ${kafkaComplaint(error)}.`,
        );
      });
      const created = reports.filter(({ state }) => state === 'created').length;
      if (created > 0) said(`${created} topics created in Kafka`);
    },
    empty: async () => {
      if (kafka.port !== null) await deleteAllTopics(client);
    },
  };
}
