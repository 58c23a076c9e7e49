import type { TestResponse } from '@roost/testing';
import { EXPECTED_RESPONSES, type Operation } from './expected-responses.js';

const LOG_EVERY = 200;
const UNEXPECTED_LENGTH = 600;

/** Counts the responses of the operations and collects the responses that are not expected. */
export class OperationRecorder {
  /** The number of responses by operation, status and error code: `book: 201`. */
  readonly responses: Record<string, number> = {};
  readonly unexpected: string[] = [];
  completed = 0;
  slowestMillis = 0;

  constructor(private readonly log: (line: string) => void = () => undefined) {}

  /** Runs one request of an operation and records its response and duration. */
  async run<T>(operation: Operation, request: () => Promise<TestResponse<T>>): Promise<TestResponse<T>> {
    const startedAt = performance.now();
    const response = await request();
    this.slowestMillis = Math.max(this.slowestMillis, performance.now() - startedAt);
    this.record(operation, response);
    return response;
  }

  record(operation: Operation, response: TestResponse<unknown>): void {
    const { code } = (response.body ?? {}) as { code?: string };
    const outcome = code === undefined ? String(response.status) : `${response.status} ${code}`;
    const name = `${operation}: ${outcome}`;
    this.responses[name] = (this.responses[name] ?? 0) + 1;
    // A quote and its booking count as one operation.
    if (operation !== 'quote' || response.status !== 201) {
      this.completed += 1;
      if (this.completed % LOG_EVERY === 0) this.log(`${this.completed} operations`);
    }
    if (!EXPECTED_RESPONSES[operation].includes(outcome))
      this.unexpected.push(`${name} ${JSON.stringify(response.body)}`.slice(0, UNEXPECTED_LENGTH));
  }
}

/** Throws unless the response has the given status. */
export function expectStatus<T>(status: number, response: TestResponse<T>): TestResponse<T> {
  if (response.status === status) return response;
  throw new Error(`expected ${status}, got ${response.status}: ${JSON.stringify(response.body)}`);
}
