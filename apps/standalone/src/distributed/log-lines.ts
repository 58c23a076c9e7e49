import { styleText } from 'node:util';

const COLOURS = ['cyan', 'green', 'magenta', 'blue', 'yellow', 'cyanBright', 'greenBright'] as const;
/** Fields that the prefix shows, or that do not help a person at the terminal. */
const HIDDEN = new Set(['level', 'time', 'service', 'name', 'msg', 'pid', 'hostname', 'err', 'traceId']);
const MAX_VALUE_LENGTH = 120;

/** The levels of a logger with pino's numbers. */
const LEVELS: Record<string, string> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** Formats log lines for the terminal: `bookings │ warn  message field=value`. */
export class LogLines {
  readonly #width: number;

  constructor(
    private readonly names: readonly string[],
    private readonly colours: boolean,
  ) {
    this.#width = Math.max(...names.map((name) => name.length));
  }

  format(name: string, line: string): string {
    const prefix = `${name.padEnd(this.#width)} │ `;
    const colour = COLOURS[this.names.indexOf(name) % COLOURS.length] ?? 'cyan';
    return `${this.#colour(colour, prefix)}${this.#formatEntry(line)}`;
  }

  #formatEntry(line: string): string {
    const entry = parsed(line);
    if (entry === null) return line;
    const level = LEVELS[String(entry.level)] ?? String(entry.level);
    const error = entry.err as { message?: string } | undefined;
    const fields = Object.entries(entry)
      .filter(([name, value]) => !HIDDEN.has(name) && value !== null && value !== undefined)
      .map(([name, value]) => `${name}=${shorten(value)}`);
    if (error?.message) fields.push(`err=${shorten(error.message)}`);
    const text = [level.padEnd(5), entry.msg, ...fields].join(' ');
    if (level === 'error' || level === 'fatal') return this.#colour('red', text);
    return level === 'warn' ? this.#colour('yellow', text) : text;
  }

  #colour(colour: (typeof COLOURS)[number] | 'red', text: string): string {
    return this.colours ? styleText(colour, text, { validateStream: false }) : text;
  }
}

/** Null if the line is not JSON of a logger. */
function parsed(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    const entry = JSON.parse(line) as Record<string, unknown>;
    return typeof entry.msg === 'string' ? entry : null;
  } catch {
    return null;
  }
}

function shorten(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const quoted = /\s/.test(text) && typeof value === 'string' ? JSON.stringify(text) : text;
  return quoted.length > MAX_VALUE_LENGTH ? `${quoted.slice(0, MAX_VALUE_LENGTH)}…` : quoted;
}
