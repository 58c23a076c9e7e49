/** A consumer process that a spec kills: mirrors ratings and stores messages until SIGTERM. */
import { KafkaBus } from '../src/index.js';
import { MessageConsumer, RatingMirror } from './consumers.js';
import { startNode } from './node.js';

const { IDENTITY_URL = '', BROKERS = '', PREFIX = '', SESSION_MS = '' } = process.env;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const bus = new KafkaBus({
  service: 'identity',
  brokers: BROKERS.split(','),
  prefix: PREFIX,
  logger: silent,
  ...(SESSION_MS ? { sessionMs: Number(SESSION_MS) } : {}),
});
const node = await startNode({
  service: 'identity',
  url: IDENTITY_URL,
  bus,
  controllers: [MessageConsumer, RatingMirror],
});
process.once('SIGTERM', () => {
  void node
    .close()
    .then(() => bus.close())
    .then(() => process.exit(0));
});
process.stdout.write('started\n');
