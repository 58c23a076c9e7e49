/** What to look at when Kafka can't be talked to, in a sentence's second half; kafkajs' own words are in it. */
export function kafkaComplaint(error: unknown): string {
  const { message = String(error) } = (error ?? {}) as { message?: string };
  const hint = HINTS.find(([said]) => said.test(message))?.[1];
  return hint === undefined ? message : `${message.replace(/\.$/, '')}: ${hint}`;
}

const HINTS: [RegExp, string][] = [
  [/SASL .* authentication failed/i, 'check KAFKA_USERNAME, KAFKA_PASSWORD and KAFKA_SASL'],
  [
    /certificate|altname/i,
    'give its CA to Node as a file by NODE_EXTRA_CA_CERTS, and see that it names this host',
  ],
  // A port hangs up on who does not speak as it does.
  [
    /Closed connection|before secure TLS connection|wrong version number|EPROTO/i,
    'see that KAFKA_TLS and KAFKA_SASL are what this port takes',
  ],
];
