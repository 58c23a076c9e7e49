import { connect as connectPlainly, isIP } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import { Kafka, logLevel, type ISocketFactory, type SASLOptions } from 'kafkajs';
import type { MessagingLogger } from '../options.js';
import { restIdleQueues } from './request-queue.js';

const CONNECT_WITHIN_MS = 3_000;
const ANSWER_WITHIN_MS = 20_000;

export interface KafkaClientOptions {
  /** `host:port` */
  brokers: readonly string[];
  /** Before the name of every topic and group, where several Roosts share a Kafka; default none. */
  prefix?: string;
  /** What the broker's logs and quotas call this client. */
  clientId: string;
  tls?: boolean;
  sasl?: { mechanism: SASLOptions['mechanism']; username: string; password: string };
  logger?: MessagingLogger;
}

/** kafkajs as Roost uses it: quiet, in a hurry to say that a broker is away, no timer that runs for nothing. */
export function kafkaClient(options: KafkaClientOptions): Kafka {
  restIdleQueues();
  return new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    ssl: options.tls === true,
    ...(options.sasl ? { sasl: options.sasl as SASLOptions } : {}),
    connectionTimeout: CONNECT_WITHIN_MS,
    requestTimeout: ANSWER_WITHIN_MS,
    socketFactory,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 4 },
    logLevel: options.logger ? logLevel.ERROR : logLevel.NOTHING,
    logCreator: () => (entry) => {
      const { message, error, broker } = entry.log as { message: string; error?: unknown; broker?: string };
      // What a request came to is for who has asked: a rebalance would be a dozen of these lines.
      if (message.startsWith('Response ')) return;
      options.logger?.warn({ said: message, error, broker, part: entry.namespace }, 'kafkajs');
    },
  });
}

/** A request is one write, and waits for nothing. */
const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? // An address is no name to ask for; the certificate is held against it all the same.
      connectByTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
    : connectPlainly({ host, port }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  return socket;
};
