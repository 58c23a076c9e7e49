import { once } from 'node:events';
import { existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createLogger, logDestination } from '@roost/platform';
import { type DestinationStream, type Level, multistream } from 'pino';
import type { Terminal } from './terminal.js';

const LIMIT_BYTES = 50 * 1024 * 1024;

export interface Log {
  /** For the logger of each service. */
  stream: DestinationStream;
  /** Null when the log goes to standard output. */
  file: string | null;
  /** Keeps the details of what the terminal says in a sentence. */
  keep(error: unknown, message: string): void;
  /** A line of another process. */
  append(line: string): void;
  flush(): void;
}

/** In production the log is standard output. Else it is a file, and the terminal shows only what went wrong. */
export async function openLog(options: {
  production: boolean;
  dataDir: string;
  level: string;
  terminal: Terminal;
}): Promise<Log> {
  const { production, dataDir, level, terminal } = options;
  const file = production ? null : join(dataDir, 'roost.log');
  if (file && existsSync(file) && statSync(file).size > LIMIT_BYTES) renameSync(file, `${file}.1`);
  const whole = logDestination(file ?? 1);
  // It can't be flushed before it is open, and the first refusal may come at once.
  await once(whole, 'ready');
  const stream = file
    ? multistream([
        { stream: whole, level: (level === 'silent' ? 'fatal' : level) as Level },
        { stream: errorsTo(terminal, file), level: 'error' },
      ])
    : whole;
  const own = createLogger('standalone', level, whole);
  return {
    stream,
    file,
    keep: (error, message) => own.fatal({ err: error }, message),
    append: (line) => whole.write(`${line}\n`),
    flush: () => whole.flushSync(),
  };
}

function errorsTo(terminal: Terminal, file: string): Writable {
  return new Writable({
    write(line: Buffer, _encoding, done) {
      const { service, msg, code } = JSON.parse(String(line)) as Record<string, unknown>;
      const about = [code, `details in ${file}`].filter(Boolean).join(', ');
      terminal.complain(`  ! ${String(service)}: ${String(msg)} (${about})`);
      done();
    },
  });
}
