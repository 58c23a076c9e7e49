declare module 'kafkajs/src/network/requestQueue/index.js' {
  interface Pushed {
    entry: { correlationId: number; resolve(answer: unknown): void; reject(error: Error): void };
    expectResponse: boolean;
    sendRequest(): void;
  }

  export default class RequestQueue {
    constructor(options: {
      maxInFlightRequests: number | null;
      requestTimeout: number;
      enforceRequestTimeout: boolean;
      clientId: string;
      broker: string;
      logger: { debug(): void; warn(): void };
    });
    readonly pending: readonly unknown[];
    readonly throttleCheckTimeoutId: unknown;
    push(request: Pushed): void;
    fulfillRequest(answer: { correlationId: number; payload: unknown; size: number }): void;
    scheduleCheckPendingRequests(): void;
    destroy(): void;
  }
}
