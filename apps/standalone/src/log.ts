import { existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type Logger, multistream, pino } from 'pino';
import type { Terminal } from './terminal.js';

const LIMIT_BYTES = 50 * 1024 * 1024;

export interface Log {
  logger: Logger;
  /** Null when the log goes to standard output. */
  file: string | null;
  flush(): void;
}

/** In production the log is standard output. Else it is a file, and the terminal shows only what went wrong. */
export function openLog(options: {
  production: boolean;
  dataDir: string;
  level: string;
  terminal: Terminal;
}): Log {
  if (options.production)
    return { logger: pino({ level: options.level }), file: null, flush: () => undefined };
  const file = join(options.dataDir, 'roost.log');
  if (existsSync(file) && statSync(file).size > LIMIT_BYTES) renameSync(file, `${file}.1`);
  const destination = pino.destination({ dest: file, append: true, sync: false, mode: 0o600 });
  const level = options.level as 'info';
  const logger = pino(
    { level },
    multistream([
      { stream: destination, level },
      { stream: errorsTo(options.terminal, file), level: 'error' },
    ]),
  );
  return {
    logger,
    file,
    flush: () => {
      try {
        destination.flushSync();
      } catch {
        // It was never opened: there is nothing to flush.
      }
    },
  };
}

function errorsTo(terminal: Terminal, file: string): Writable {
  return new Writable({
    write(line: Buffer, _encoding, done) {
      const { service, name, msg, code } = JSON.parse(String(line)) as Record<string, unknown>;
      const about = [code, `details in ${file}`].filter(Boolean).join(', ');
      terminal.complain(`  ! ${String(service ?? name ?? 'roost')}: ${String(msg)} (${about})`);
      done();
    },
  });
}
