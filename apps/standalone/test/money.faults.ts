import { jest } from '@jest/globals';
import { TestClient } from '@roost/testing';
import { DISTRIBUTED, type Env, freshEnvironment, run, stopAll } from './launcher.js';
import { MoneyScenario } from './money.fixture.js';
import { Operator } from './operator.fixture.js';

jest.setTimeout(600_000);

let operator: Operator;
let money: MoneyScenario;

beforeAll(async () => {
  const env: Env = {
    ...(await freshEnvironment()),
    RATE_LIMIT_PER_MINUTE: '0',
    LOG_LEVEL: 'error',
    PROVIDER_TIMEOUT_SECONDS: '2',
    PAYMENT_CHECK_SECONDS: '1',
  };
  await run(env, DISTRIBUTED).prints('Ctrl-C stops everything.');
  operator = new Operator(env);
  money = await MoneyScenario.prepare(new TestClient(`http://127.0.0.1:${env.PORT}`), operator);
});
afterAll(async () => {
  operator?.stop();
  await stopAll();
});

// The same in one process: money.spec.ts.
describe('with each service as a process', () => {
  afterEach(() => money.expectAgreement());

  test('200 concurrent confirmations with one idempotency key charge once', () =>
    money.confirmConcurrently());

  test('a charge whose response is lost is found', () => money.loseResponse());

  test('50 concurrent refunds of one payment never exceed its capture', () => money.refundConcurrently());
});
