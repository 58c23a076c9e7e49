import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { LogLines } from '@roost/app-standalone/composition';
import { type Call, type Command, OperatorError, UsageError } from '../command.js';
import { since } from '../since.js';
import { SERVICES } from '../system.js';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const NAMES = [...SERVICES, 'gateway', 'sandbox', 'standalone'];
const POLL_MS = 250;

export const command: Command = {
  summary: 'The JSON lines of a log, for people.',
  only: 'show',
  actions: {
    show: {
      summary:
        'Formats the lines of files, or of standard input: kubectl logs deploy/bookings | npm run -s roost -- logs',
      operands: '[file…]',
      options: {
        service: { type: 'string', description: 'only those of these services (bookings,payments)' },
        level: { type: 'string', description: `only those of this level and above: ${LEVELS.join(', ')}` },
        trace: { type: 'string', description: 'only those of this trace: its id, or a traceparent' },
        code: { type: 'string', description: 'only those with this code (booking.dates_unavailable)' },
        since: { type: 'string', description: 'only those since an instant, or for a duration (PT15M)' },
        follow: { type: 'boolean', short: 'f', description: 'wait for further lines of the file' },
      },
      run: show,
    },
  },
};

interface Entry {
  level?: string | number;
  time?: string | number;
  service?: string;
  name?: string;
  code?: string;
  traceId?: string;
  traceparent?: string;
}

async function show(call: Call): Promise<void> {
  const { options, operands, out } = call;
  const matches = filterOf(options);
  const colours = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const lines = new LogLines(NAMES, colours);
  const json = options.json === true;
  // The reader of a pipe may end first, as `head` does.
  process.stdout.on('error', () => process.exit(0));
  const print = (line: string) => {
    const entry = parsed(line);
    if (!matches(entry)) return;
    if (json) return out.line(entry ?? { text: line }, line);
    const time = entry === null ? '' : `${timeOf(entry)?.toISOString().slice(11, 23) ?? ''} `;
    console.log(
      time + lines.format(entry?.service ?? entry?.name ?? '', entry === null ? line : JSON.stringify(entry)),
    );
  };
  if (options.follow === true) {
    const [file, ...others] = operands;
    if (file === undefined || others.length > 0) throw new UsageError('--follow needs one file.');
    return follow(file, print);
  }
  for (const file of operands.length > 0 ? operands : ['-']) await read(file, print);
}

function filterOf(options: Call['options']): (entry: Entry | null) => boolean {
  const services = options.service === undefined ? null : new Set(String(options.service).split(','));
  const level = options.level === undefined ? 0 : levelOf(String(options.level));
  if (level < 0) throw new UsageError(`--level must be one of ${LEVELS.join(', ')}.`);
  const trace = options.trace === undefined ? null : traceIdOf(String(options.trace));
  const from = options.since === undefined ? null : since(String(options.since));
  const filters = [services, options.level, trace, options.code, from];
  const isFiltered = filters.some((filter) => filter != null);
  return (entry) => {
    // A line that is no entry may be the sentence of a failed start.
    if (entry === null) return !isFiltered;
    if (services && !services.has(entry.service ?? entry.name ?? '')) return false;
    if (levelOf(entry.level) < level) return false;
    if (trace !== null && entry.traceId !== trace && !entry.traceparent?.includes(trace)) return false;
    if (options.code !== undefined && entry.code !== options.code) return false;
    return from === null || (timeOf(entry) ?? from) >= from;
  };
}

/** The place in LEVELS; pino without formatters writes numbers. */
const levelOf = (level: string | number | undefined): number =>
  typeof level === 'number' ? level / 10 - 1 : LEVELS.indexOf(level ?? '');

function traceIdOf(given: string): string {
  const found = /[0-9a-f]{32}/.exec(given.toLowerCase())?.[0];
  if (found === undefined) throw new UsageError('--trace must be the id of a trace (32 hexadecimal digits).');
  return found;
}

function timeOf({ time }: Entry): Date | null {
  if (time === undefined) return null;
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? null : at;
}

function parsed(line: string): Entry | null {
  // Compose and kubectl may write the name of the container in front of a line.
  const start = line.indexOf('{"');
  if (start < 0) return null;
  try {
    return JSON.parse(line.slice(start)) as Entry;
  } catch {
    return null;
  }
}

async function read(file: string, print: (line: string) => void): Promise<void> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) print(line);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Prints a file and what is appended to it, until the process is ended. */
async function follow(file: string, print: (line: string) => void): Promise<void> {
  const handle = await open(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  let rest = '';
  const decoder = new TextDecoder();
  for (;;) {
    const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(64 * 1024) });
    const lines = (rest + decoder.decode(buffer.subarray(0, bytesRead), { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(print);
    if (bytesRead > 0) continue;
    await pause(POLL_MS);
  }
}

function unreadable(file: string, error: unknown): OperatorError {
  const { code } = error as { code?: string };
  return new OperatorError(`${file} can't be read (${code ?? String(error)}).`);
}
