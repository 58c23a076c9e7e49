/** The message of a kafkajs error, with a hint which setting to check; for the second half of a sentence. */
export function describeKafkaError(error: unknown): string {
  const { message = String(error) } = (error ?? {}) as { message?: string };
  const hint = HINTS.find(([pattern]) => pattern.test(message))?.[1];
  return hint === undefined ? message : `${message.replace(/\.$/, '')}: ${hint}`;
}

const HINTS: [RegExp, string][] = [
  [/SASL .* authentication failed/i, 'check KAFKA_USERNAME, KAFKA_PASSWORD and KAFKA_SASL'],
  [
    /certificate|altname/i,
    'set NODE_EXTRA_CA_CERTS to a file with its CA, and check that the certificate names this host',
  ],
  // A port closes the connection of a client that uses another protocol.
  [
    /Closed connection|before secure TLS connection|wrong version number|EPROTO/i,
    'check that KAFKA_TLS and KAFKA_SASL match this port',
  ],
];
