import type { Result } from './batches.js';

export const KINDS = ['hosts', 'listings', 'calendars', 'reviews'] as const;
export type Kind = (typeof KINDS)[number];

export type Outcome = Result['outcome'] | 'skipped';
const OUTCOMES: readonly Outcome[] = ['created', 'updated', 'unchanged', 'skipped', 'refused'];

const MAX_EXAMPLES = 3;

interface Reason {
  count: number;
  examples: string[];
}

/** The results of all rows, by outcome, and by reason with a few examples. */
export class Report {
  private readonly counts = new Map<Kind, Map<Outcome, number>>();
  private readonly reasons = new Map<string, Reason>();

  count(kind: Kind, outcome: Outcome): void {
    const counts = this.counts.get(kind) ?? new Map<Outcome, number>();
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    this.counts.set(kind, counts);
  }

  /** Counts a row that was not sent. */
  skip(kind: Kind, reason: string, example: string): void {
    this.count(kind, 'skipped');
    this.note(kind, `skipped: ${reason}`, example);
  }

  /** Counts a row that was sent. */
  result(kind: Kind, result: Result, example: string): void {
    this.count(kind, result.outcome);
    const { code, pointer, detail, outcome } = result;
    if (code === null && detail === null) return;
    // List positions differ from row to row; the reason is the same.
    const place = pointer ? `at ${pointer.replace(/\/\d+(?=\/|$)/g, '/*')}` : null;
    const where = [code, place].filter((part) => part !== null).join(' ');
    this.note(kind, `${outcome === 'refused' ? 'rejected: ' : ''}${detail ?? code} (${where})`, example);
  }

  /** Records a remark on a row. */
  note(kind: Kind, what: string, example: string): void {
    const key = `${kind}\t${what}`;
    const reason = this.reasons.get(key) ?? { count: 0, examples: [] };
    reason.count += 1;
    if (reason.examples.length < MAX_EXAMPLES && !reason.examples.includes(example)) {
      reason.examples.push(example);
    }
    this.reasons.set(key, reason);
  }

  of(kind: Kind, outcome: Outcome): number {
    return this.counts.get(kind)?.get(outcome) ?? 0;
  }

  get isEmpty(): boolean {
    return this.counts.size === 0;
  }

  lines(): string[] {
    const present = KINDS.filter((kind) => this.counts.has(kind));
    const table = [
      ['', ...OUTCOMES],
      ...present.map((kind) => [kind, ...OUTCOMES.map((outcome) => whole(this.of(kind, outcome)))]),
    ].map((cells) =>
      cells
        .map((cell, at) => (at === 0 ? cell.padEnd(10) : cell.padStart(10)))
        .join('')
        .trimEnd(),
    );
    const notes = [...this.reasons]
      .map(([key, { count, examples }]) => {
        const [kind = '', what = ''] = key.split('\t');
        return { kind, what, count, examples };
      })
      .sort((a, b) => KINDS.indexOf(a.kind as Kind) - KINDS.indexOf(b.kind as Kind) || b.count - a.count)
      .map(
        ({ kind, what, count, examples }) =>
          `  ${whole(count).padStart(7)}  ${kind}, ${what}, for example ${examples.join(', ')}`,
      );
    return notes.length === 0 ? table : [...table, '', ...notes];
  }
}

export const whole = (count: number): string => count.toLocaleString('en-GB');
