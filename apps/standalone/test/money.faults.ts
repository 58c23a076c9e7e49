import { jest } from '@jest/globals';
import { DISTRIBUTED, run } from './launcher.js';
import { describeMoney } from './money.fixture.js';

jest.setTimeout(600_000);

// The same in one process: money.spec.ts.
describeMoney('with each service as a process', (env) =>
  run(env, DISTRIBUTED).prints('Ctrl-C stops everything.'),
);
