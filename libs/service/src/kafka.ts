import { KafkaBus, type KafkaClientOptions } from '@roost/messaging';
import type { Logger } from 'pino';
import { BaseConfig, StartError, type Metrics } from '@roost/platform';

type KafkaConfig = Pick<
  BaseConfig,
  'KAFKA_BROKERS' | 'KAFKA_PREFIX' | 'KAFKA_TLS' | 'KAFKA_SASL' | 'KAFKA_USERNAME' | 'KAFKA_PASSWORD'
>;

/** The connection options of Kafka in the configuration. Throws a `StartError` if they are incomplete. */
export function kafkaConnection(config: KafkaConfig): Omit<KafkaClientOptions, 'clientId' | 'logger'> {
  const {
    KAFKA_BROKERS: brokers,
    KAFKA_SASL: mechanism,
    KAFKA_USERNAME: username,
    KAFKA_PASSWORD: password,
  } = config;
  if (!brokers) {
    throw new StartError(
      `KAFKA_BROKERS is missing: it must be ${BaseConfig.shape.KAFKA_BROKERS.description}.`,
    );
  }
  const hasLogin = username !== undefined && password !== undefined;
  if ((mechanism !== undefined) !== hasLogin || (username !== undefined) !== (password !== undefined)) {
    throw new StartError(
      'KAFKA_SASL, KAFKA_USERNAME and KAFKA_PASSWORD belong together: set all three or none.',
    );
  }
  return {
    brokers,
    prefix: config.KAFKA_PREFIX,
    tls: config.KAFKA_TLS === 'on',
    ...(mechanism && hasLogin ? { sasl: { mechanism, username, password } } : {}),
  };
}

export function kafkaBus(service: string, config: KafkaConfig, logger: Logger, metrics: Metrics): KafkaBus {
  return new KafkaBus({ ...kafkaConnection(config), service, logger, metrics: metrics.registry });
}
