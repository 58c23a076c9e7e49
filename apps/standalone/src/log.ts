import { once } from 'node:events';
import { existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createLogger, logDestination } from '@roost/platform/start';
import { type DestinationStream, type Level, multistream } from 'pino';
import type { Terminal } from './terminal.js';

const LIMIT_BYTES = 50 * 1024 * 1024;

export interface Log {
  /** For the logger of each service. */
  stream: DestinationStream;
  /** Null if the log is written to standard output. */
  file: string | null;
  /** Logs the details of an error that the terminal shows in one sentence. */
  error(error: unknown, message: string): void;
  /** Appends a line of another process. */
  append(line: string): void;
  flush(): void;
}

/** In production the log is standard output. Otherwise it is a file, and the terminal shows errors only. */
export async function openLog(options: {
  production: boolean;
  dataDir: string;
  level: string;
  terminal: Terminal;
}): Promise<Log> {
  const { production, dataDir, level, terminal } = options;
  const file = production ? null : join(dataDir, 'roost.log');
  if (file && existsSync(file) && statSync(file).size > LIMIT_BYTES) renameSync(file, `${file}.1`);
  const destination = logDestination(file ?? 1);
  // It can't be flushed before it is open, and a start may fail at once.
  await once(destination, 'ready');
  const stream = file
    ? multistream([
        { stream: destination, level: (level === 'silent' ? 'fatal' : level) as Level },
        { stream: errorStream(terminal, file), level: 'error' },
      ])
    : destination;
  const own = createLogger('standalone', level, destination);
  return {
    stream,
    file,
    error: (error, message) => own.fatal({ err: error }, message),
    append: (line) => destination.write(`${line}\n`),
    flush: () => destination.flushSync(),
  };
}

function errorStream(terminal: Terminal, file: string): Writable {
  return new Writable({
    write(line: Buffer, _encoding, done) {
      const { service, msg, code } = JSON.parse(String(line)) as Record<string, unknown>;
      const details = [code, `details in ${file}`].filter(Boolean).join(', ');
      terminal.printError(`  ! ${String(service)}: ${String(msg)} (${details})`);
      done();
    },
  });
}
