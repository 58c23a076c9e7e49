import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

/**
 * Patches kafkajs 2.2.4, which checks the request queue of every connection each millisecond, also when it is empty
 * (`scheduleCheckPendingRequests` sets its timer even if no request is pending and no broker throttles). Pending requests
 * are also checked whenever a response arrives, so the timer is required only while a request is pending. A spec
 * verifies the parts of kafkajs that this depends on; ADR 11 has the measurements.
 */
export function stopIdlePolling(): void {
  const { prototype } = RequestQueue;
  if (prototype.scheduleCheckPendingRequests === scheduleWhenPending) return;
  original = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = scheduleWhenPending;
}

let original: () => void;

function scheduleWhenPending(this: RequestQueue): void {
  if (this.pending.length > 0) original.call(this);
}
