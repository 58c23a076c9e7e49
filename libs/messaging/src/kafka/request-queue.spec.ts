import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { stopIdlePolling } from './request-queue.js';

const unpatched = RequestQueue.prototype.scheduleCheckPendingRequests;

function aQueue() {
  const responded: number[] = [];
  const queue = new RequestQueue({
    maxInFlightRequests: 1,
    requestTimeout: 1000,
    enforceRequestTimeout: false,
    clientId: 'spec',
    broker: 'none',
    logger: { debug: () => undefined, warn: () => undefined },
  });
  const push = (correlationId: number): void =>
    queue.push({
      entry: { correlationId, resolve: () => responded.push(correlationId), reject: () => undefined },
      expectResponse: true,
      sendRequest: () => undefined,
    });
  return { queue, push, responded };
}

describe('stopIdlePolling', () => {
  afterEach(() => {
    RequestQueue.prototype.scheduleCheckPendingRequests = unpatched;
  });

  test('patches the implementation that it was written for (after an update of kafkajs, review it with ADR 11)', () => {
    const file = createRequire(import.meta.url).resolve('kafkajs/src/network/requestQueue/index.js');
    const source = readFileSync(file, 'utf8');
    const method = source.slice(source.indexOf('  checkPendingRequests() {'));
    expect(createHash('sha256').update(method).digest('hex')).toBe(
      '82dd0f091f2c12b308a5738974b712f3cf5b62acdedfa616857a230596583b9a',
    );
  });

  test('sets no timer while no request is pending', () => {
    const { queue } = aQueue();
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    queue.destroy();
    stopIdlePolling();
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
  });

  test('sends pending requests after a response, and keeps the timer while a request is pending', () => {
    stopIdlePolling();
    const { queue, push, responded } = aQueue();
    push(1);
    push(2);
    expect(queue.pending).toHaveLength(1);
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
    expect(queue.pending).toHaveLength(0);
    queue.fulfillRequest({ correlationId: 2, payload: null, size: 0 });
    expect(responded).toEqual([1, 2]);
    queue.destroy();
  });
});
