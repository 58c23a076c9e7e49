import { styleText } from 'node:util';

const COLOURS = ['cyan', 'green', 'magenta', 'blue', 'yellow', 'cyanBright', 'greenBright'] as const;
/** Said by the prefix, or of no help to one who watches. */
const UNSHOWN = new Set(['level', 'time', 'service', 'name', 'msg', 'pid', 'hostname', 'err', 'traceId']);
const LONGEST_VALUE = 120;

/** pino's numbers, for a logger that keeps them. */
const LEVELS: Record<string, string> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** What a line of a service looks like to a person: `bookings │ warn  message field=value`. */
export class LogLines {
  readonly #width: number;

  constructor(
    private readonly names: readonly string[],
    private readonly colours: boolean,
  ) {
    this.#width = Math.max(...names.map((name) => name.length));
  }

  shown(name: string, line: string): string {
    const prefix = `${name.padEnd(this.#width)} │ `;
    const colour = COLOURS[this.names.indexOf(name) % COLOURS.length] ?? 'cyan';
    return `${this.#painted(colour, prefix)}${this.#said(line)}`;
  }

  #said(line: string): string {
    const entry = parsed(line);
    if (entry === null) return line;
    const level = LEVELS[String(entry.level)] ?? String(entry.level);
    const error = entry.err as { message?: string } | undefined;
    const fields = Object.entries(entry)
      .filter(([name, value]) => !UNSHOWN.has(name) && value !== null && value !== undefined)
      .map(([name, value]) => `${name}=${short(value)}`);
    if (error?.message) fields.push(`err=${short(error.message)}`);
    const text = [level.padEnd(5), entry.msg, ...fields].join(' ');
    if (level === 'error' || level === 'fatal') return this.#painted('red', text);
    return level === 'warn' ? this.#painted('yellow', text) : text;
  }

  #painted(colour: (typeof COLOURS)[number] | 'red', text: string): string {
    return this.colours ? styleText(colour, text, { validateStream: false }) : text;
  }
}

/** Null for what is no line of a logger. */
function parsed(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    const entry = JSON.parse(line) as Record<string, unknown>;
    return typeof entry.msg === 'string' ? entry : null;
  } catch {
    return null;
  }
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const quoted = /\s/.test(text) && typeof value === 'string' ? JSON.stringify(text) : text;
  return quoted.length > LONGEST_VALUE ? `${quoted.slice(0, LONGEST_VALUE)}…` : quoted;
}
