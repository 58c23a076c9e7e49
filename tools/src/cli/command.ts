import type { ParseArgsConfig } from 'node:util';

/** A call of an action: its parsed options, its operands, and its output. */
export interface Call {
  options: Record<string, string | boolean | undefined>;
  operands: string[];
  out: Output;
}

export interface Action {
  summary: string;
  /** The operands after the name of the action, such as `<listing>`. */
  operands?: string;
  options?: Record<string, NonNullable<ParseArgsConfig['options']>[string] & { description: string }>;
  run(call: Call): Promise<void>;
}

/** Each file in `commands/` exports a `command`; the name of the command is that of the file. */
export interface Command {
  summary: string;
  /** The name of the action that needs no name on the command line: the command has no other. */
  only?: string;
  actions: Record<string, Action>;
}

/** A failure that is printed as one sentence, without a stack. The exit code is 1. */
export class OperatorError extends Error {}

/** A wrong call, printed as one sentence. The exit code is 2. */
export class UsageError extends Error {}

export type Row = Record<string, string | number | null>;

/** Results go to standard output, as a table or as JSON; progress goes to standard error. */
export class Output {
  constructor(private readonly json: boolean) {}

  progress(line: string): void {
    console.error(line);
  }

  /** One item of a stream: a line of text, or of JSON. */
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
