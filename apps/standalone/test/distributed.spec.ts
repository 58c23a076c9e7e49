import { jest } from '@jest/globals';
import { freshEnvironment, stopAll, DISTRIBUTED, run } from './launcher.js';

// Its behaviour while it runs is tested in distributed.faults.ts.

jest.setTimeout(60_000);
afterEach(stopAll);

test('--help prints the requirements and how to stop one service', async () => {
  const help = run({}, DISTRIBUTED, ['--help']);
  expect(await help.ends()).toBe(0);
  expect(help.output()).toMatch(/KAFKA_BROKERS[^]*kill -9 <number>[^]*Ctrl-C stops everything\./);
});

test('rejects an unknown option in one sentence', async () => {
  const wrong = run({}, DISTRIBUTED, ['--nothing']);
  expect(await wrong.ends()).toBe(2);
  expect(wrong.output()).toBe('There is no option "--nothing": see npm run start:distributed -- --help\n');
});

test.each([
  [
    { ROOST_ENV: 'production' },
    /ROOST_ENV is production, and this is for development: in production each service is/,
  ],
  [{ KAFKA_PORT: 'abc' }, /KAFKA_PORT is "abc": it must be a port/],
  [{ KAFKA_BROKERS: 'kafka' }, /KAFKA_BROKERS is "kafka": it must be a comma-separated list of host:port/],
  [{ KAFKA_BROKERS: '127.0.0.1:1' }, /The Kafka of KAFKA_BROKERS \(127\.0\.0\.1:1\) does not answer/],
])('rejects %j in one sentence', async (env, sentence) => {
  const roost = run({ ...(await freshEnvironment()), ...env }, DISTRIBUTED);
  expect(await roost.ends()).toBe(1);
  expect(roost.output()).toMatch(sentence);
  expect(roost.output()).not.toMatch(/\n\s+at /);
});
