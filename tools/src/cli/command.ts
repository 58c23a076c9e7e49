import type { ParseArgsConfig } from 'node:util';

/** What an action is called with: its options, read; what follows them; and where it speaks. */
export interface Call {
  options: Record<string, string | boolean | undefined>;
  operands: string[];
  out: Output;
}

export interface Action {
  summary: string;
  /** What stands after the action's name, such as `<listing>`. */
  operands?: string;
  options?: Record<string, NonNullable<ParseArgsConfig['options']>[string] & { description: string }>;
  run(call: Call): Promise<void>;
}

/** A file in `commands/` exports one as `command`; its name is the file's. */
export interface Command {
  summary: string;
  actions: Record<string, Action>;
}

/** Said to the operator in one sentence, without a stack; the exit code is 1. */
export class Refusal extends Error {}

/** A wrong call: the help is not far, and the exit code is 2. */
export class Misuse extends Error {}

export type Row = Record<string, string | number | null>;

/** Results go to standard output, as a table for people or as JSON for programs; what happens meanwhile to standard error. */
export class Output {
  constructor(private readonly json: boolean) {}

  progress(line: string): void {
    console.error(line);
  }

  /** One thing of many that come one by one: a line of text, or of JSON. */
  line(value: unknown, text: string): void {
    console.log(this.json ? JSON.stringify(value) : text);
  }

  result(value: unknown, rows: readonly Row[]): void {
    console.log(this.json ? JSON.stringify(value, null, 2) : table(rows));
  }
}

export function table(rows: readonly Row[]): string {
  const [first] = rows;
  if (!first) return 'Nothing.';
  const columns = Object.keys(first);
  const cells = rows.map((row) => columns.map((column) => String(row[column] ?? '–')));
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  const isNumber = columns.map((column) => rows.every((row) => typeof row[column] === 'number'));
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => (isNumber[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(columns), line(widths.map((width) => '─'.repeat(width))), ...cells.map(line)].join('\n');
}
