import { ImportFailed } from './import-failed.js';
import type { Operator, Reply } from './operator.js';

/** What became of one row, in the words of all four services. */
export interface Result {
  id: string | null;
  outcome: 'created' | 'updated' | 'unchanged' | 'refused';
  code: string | null;
  pointer: string | null;
  detail: string | null;
}

export interface Route<Row> {
  path: string;
  mostRows: number;
  /** The request body of these rows, each already JSON. */
  body(rows: string[]): string;
  results(body: unknown): Result[];
  onResult(row: Row, result: Result): void;
}

/** Below the limit of a body, 1 MiB, with room for what surrounds the rows. */
const MOST_BYTES = 900_000;
/** So that Roost works on one batch while the next is being read. */
const IN_FLIGHT = 2;
/** So many rows in a row that are not even answered one by one are no fault of the rows. */
const MOST_FAILURES = 20;

interface Packed<Row> {
  row: Row;
  json: string;
}

/** Sends rows in batches; a batch that is refused whole is halved until the row at fault stands alone. */
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
    if (this.waiting.length >= this.route.mostRows || this.bytes + size > MOST_BYTES) await this.send();
    this.waiting.push({ row, json });
    this.bytes += size;
  }

  /** Settles when every row has its result. */
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
        throw new ImportFailed(`${this.route.path} answered ${results.length} of ${rows.length} rows`);
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
    const refusal = refusalOf(reply);
    if (this.failures >= MOST_FAILURES) {
      const reason = `${reply.status} ${refusal.code}: ${refusal.detail}`;
      throw new ImportFailed(`${this.route.path} took none of ${this.failures} rows in a row (${reason})`);
    }
    this.route.onResult(first.row, refusal);
  }
}

function refusalOf({ status, body }: Reply): Result {
  const { code, detail } = (body ?? {}) as { code?: string; detail?: string };
  return {
    id: null,
    outcome: 'refused',
    code: code ?? `status ${status}`,
    pointer: null,
    detail: detail ?? null,
  };
}
