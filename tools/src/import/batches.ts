import { ImportFailed } from './import-failed.js';
import type { Operator, Reply } from './operator.js';

/** The result of one row, the same for all four routes. */
export interface Result {
  id: string | null;
  outcome: 'created' | 'updated' | 'unchanged' | 'refused';
  code: string | null;
  pointer: string | null;
  detail: string | null;
}

export interface Route<Row> {
  path: string;
  maxRows: number;
  /** The request body of these rows, each already JSON. */
  body(rows: string[]): string;
  results(body: unknown): Result[];
  onResult(row: Row, result: Result): void;
}

/** Below the body limit of 1 MiB, with room for the rest of the body. */
const MAX_BYTES = 900_000;
/** Roost processes one batch while the next is being read. */
const IN_FLIGHT = 2;
/** After this number of consecutive failures of single rows, the fault is not in the rows. */
const MAX_FAILURES = 20;

interface Packed<Row> {
  row: Row;
  json: string;
}

/** Sends rows in batches. A batch that is rejected as a whole is halved until the faulty row is alone. */
export class Batches<Row> {
  private waiting: Packed<Row>[] = [];
  private bytes = 0;
  private failures = 0;
  private readonly sending = new Set<Promise<void>>();
  private failed: unknown = null;

  constructor(
    private readonly operator: Operator,
    private readonly route: Route<Row>,
  ) {}

  async add(row: Row): Promise<void> {
    const json = JSON.stringify(row);
    const size = Buffer.byteLength(json) + 1;
    if (this.waiting.length >= this.route.maxRows || this.bytes + size > MAX_BYTES) await this.send();
    this.waiting.push({ row, json });
    this.bytes += size;
  }

  /** Resolves when every row has its result. */
  async flush(): Promise<void> {
    if (!this.failed) await this.send();
    await Promise.all(this.sending);
    if (this.failed) throw this.failed;
  }

  private async send(): Promise<void> {
    const rows = this.waiting;
    this.waiting = [];
    this.bytes = 0;
    if (rows.length === 0) return;
    while (this.sending.size >= IN_FLIGHT) await Promise.race(this.sending);
    if (this.failed) return this.flush();
    const sent = this.deliver(rows)
      .catch((error: unknown) => {
        this.failed ??= error;
      })
      .finally(() => this.sending.delete(sent));
    this.sending.add(sent);
  }

  private async deliver(rows: Packed<Row>[]): Promise<void> {
    if (this.failed) return;
    const reply = await this.operator.post(this.route.path, this.route.body(rows.map(({ json }) => json)));
    if (reply.status === 200) {
      this.failures = 0;
      const results = this.route.results(reply.body);
      if (results.length !== rows.length) {
        throw new ImportFailed(
          `${this.route.path} returned ${results.length} results for ${rows.length} rows`,
        );
      }
      rows.forEach(({ row }, index) => this.route.onResult(row, results[index] as Result));
      return;
    }
    const [first] = rows;
    if (first === undefined) return;
    if (rows.length > 1) {
      const half = Math.ceil(rows.length / 2);
      await this.deliver(rows.slice(0, half));
      await this.deliver(rows.slice(half));
      return;
    }
    this.failures += 1;
    const rejection = rejectionOf(reply);
    if (this.failures >= MAX_FAILURES) {
      const reason = `${reply.status} ${rejection.code}: ${rejection.detail}`;
      throw new ImportFailed(`${this.route.path} rejected ${this.failures} consecutive rows (${reason})`);
    }
    this.route.onResult(first.row, rejection);
  }
}

function rejectionOf({ status, body }: Reply): Result {
  const { code, detail } = (body ?? {}) as { code?: string; detail?: string };
  return {
    id: null,
    outcome: 'refused',
    code: code ?? `status ${status}`,
    pointer: null,
    detail: detail ?? null,
  };
}
