import { jest } from '@jest/globals';
import { run } from './launcher.js';
import { describeMoney } from './money.fixture.js';

jest.setTimeout(600_000);

// The same in distributed mode: money.faults.ts.
describeMoney('in one process', (env) => run(env).prints('Roost is ready'));
