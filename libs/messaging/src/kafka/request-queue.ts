import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

/**
 * kafkajs 2.2.4 looks at the queue of every connection again 1 ms after it has looked at it, for ever
 * (`scheduleCheckPendingRequests` sets its timer also when nothing is pending and nothing throttles). Requests that
 * wait for others to be answered are looked at when those are, so that the timer is needed only while something is
 * pending. A spec holds kafkajs to what this counts on; ADR 11 has the figures.
 */
export function restIdleQueues(): void {
  const { prototype } = RequestQueue;
  if (prototype.scheduleCheckPendingRequests === scheduleWhenPending) return;
  original = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = scheduleWhenPending;
}

let original: () => void;

function scheduleWhenPending(this: RequestQueue): void {
  if (this.pending.length > 0) original.call(this);
}
