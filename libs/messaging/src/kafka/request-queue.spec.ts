import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { restIdleQueues } from './request-queue.js';

const unpatched = RequestQueue.prototype.scheduleCheckPendingRequests;

function queue() {
  const answered: number[] = [];
  const made = new RequestQueue({
    maxInFlightRequests: 1,
    requestTimeout: 1000,
    enforceRequestTimeout: false,
    clientId: 'spec',
    broker: 'none',
    logger: { debug: () => undefined, warn: () => undefined },
  });
  const push = (correlationId: number): void =>
    made.push({
      entry: { correlationId, resolve: () => answered.push(correlationId), reject: () => undefined },
      expectResponse: true,
      sendRequest: () => undefined,
    });
  return { made, push, answered };
}

describe('the request queue of kafkajs', () => {
  afterEach(() => {
    RequestQueue.prototype.scheduleCheckPendingRequests = unpatched;
  });

  test('is the one that was read: else read it again, and ADR 11', () => {
    const file = createRequire(import.meta.url).resolve('kafkajs/src/network/requestQueue/index.js');
    const source = readFileSync(file, 'utf8');
    const method = source.slice(source.indexOf('  checkPendingRequests() {'));
    expect(createHash('sha256').update(method).digest('hex')).toBe(
      '82dd0f091f2c12b308a5738974b712f3cf5b62acdedfa616857a230596583b9a',
    );
  });

  test('wakes for ever when nothing is pending, unless it is mended', () => {
    const { made } = queue();
    made.scheduleCheckPendingRequests();
    expect(made.throttleCheckTimeoutId).not.toBeNull();
    made.destroy();
    restIdleQueues();
    made.scheduleCheckPendingRequests();
    expect(made.throttleCheckTimeoutId).toBeNull();
  });

  test('sends what is pending when an answer has come, and looks again while something is', () => {
    restIdleQueues();
    const { made, push, answered } = queue();
    push(1);
    push(2);
    expect(made.pending).toHaveLength(1);
    expect(made.throttleCheckTimeoutId).not.toBeNull();
    made.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
    expect(made.pending).toHaveLength(0);
    made.fulfillRequest({ correlationId: 2, payload: null, size: 0 });
    expect(answered).toEqual([1, 2]);
    made.destroy();
  });
});
