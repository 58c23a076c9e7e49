import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Kafka, logLevel, type ISocketFactory, type SASLOptions } from 'kafkajs';
import { startTimer } from '@roost/platform';
import type { MessagingLogger } from '../options.js';
import { stopIdlePolling } from './request-queue.js';

const CONNECT_WITHIN_MS = 3_000;
/** kafkajs's own timer also runs while the event loop is blocked, so the socket has the limit. */
const KAFKAJS_CONNECT_WITHIN_MS = 60_000;
const RESPONSE_WITHIN_MS = 20_000;

export interface KafkaClientOptions {
  /** `host:port` */
  brokers: readonly string[];
  /** The prefix of every topic and group, where several Roosts share a Kafka; default none. */
  prefix?: string;
  /** The name of this client in the broker's logs and quotas. */
  clientId: string;
  tls?: boolean;
  sasl?: { mechanism: SASLOptions['mechanism']; username: string; password: string };
  logger?: MessagingLogger;
}

/** A kafkajs client that logs little, reports an unavailable broker within seconds, and uses no CPU while idle. */
export function kafkaClient(options: KafkaClientOptions): Kafka {
  stopIdlePolling();
  return new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    ssl: options.tls === true,
    ...(options.sasl ? { sasl: options.sasl as SASLOptions } : {}),
    connectionTimeout: KAFKAJS_CONNECT_WITHIN_MS,
    requestTimeout: RESPONSE_WITHIN_MS,
    socketFactory,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 4 },
    logLevel: options.logger ? logLevel.ERROR : logLevel.NOTHING,
    logCreator: () => (entry) => {
      const { message, error, broker } = entry.log as { message: string; error?: unknown; broker?: string };
      // The caller reports a failed request; a rebalance would log a dozen of these lines.
      if (message.startsWith('Response ')) return;
      options.logger?.warn({ kafkajs: message, error, broker, part: entry.namespace }, 'kafkajs');
    },
  });
}

/** kafkajs writes each request at once, so Nagle's algorithm would only delay it. */
const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? // SNI takes no IP address; the certificate is verified against it all the same.
      connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
    : connectTcp({ host, port }, onConnect);
  const expire = () => socket.destroy(new Error(`no connection within ${CONNECT_WITHIN_MS} ms`));
  const cancel = startTimer(CONNECT_WITHIN_MS, expire);
  socket.once(ssl ? 'secureConnect' : 'connect', cancel).once('close', cancel);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  return socket;
};
