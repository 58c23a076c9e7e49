import type { LoggerService } from '@nestjs/common';
import { destination, pino, type DestinationStream, type Logger } from 'pino';
import { serializeError } from './error-serializer.js';
import { withoutSecretFields, withoutSecrets } from './without-secrets.js';

/**
 * The output of a log: a file descriptor or a file. Lines are written in batches, at most 200 ms late: one write per
 * line would wake a thread of this process and of the reader each time. `fatal` and the end of the process flush.
 */
export function logDestination(dest: number | string = 1): ReturnType<typeof destination> {
  const log = destination({
    dest,
    append: true,
    sync: false,
    mode: 0o600,
    minLength: 8 * 1024,
    maxLength: MAX_WAITING_BYTES,
    periodicFlush: 200,
  });
  // On a full disk lines wait until they can be written, up to the limit. Without a listener the process would end.
  log.on('error', (error: Error) => reportOnce(error));
  return log;
}

/** Later lines are dropped. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

let isReported = false;

/** On standard error, because the log can't be written. */
function reportOnce(error: Error): void {
  if (isReported) return;
  isReported = true;
  // Standard error may be a file on the same full disk; without a listener the process would end.
  process.stderr.on('error', () => undefined);
  process.stderr.write(`The log can't be written: ${error.message}\n`);
}

/**
 * A logger that writes one JSON line per event, by default to standard output. The message is constant, fields carry
 * the data. The field `err` takes an error and logs only its safe fields (`serializeError`).
 */
export function createLogger(
  service: string,
  level: string,
  stream: DestinationStream = logDestination(),
): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: withoutSecretFields },
      serializers: { err: serializeError },
    },
    stream,
  );
}

/** Nest's own messages, from `warn` upwards. */
export function nestLogger(logger: Logger): LoggerService {
  const logAt =
    (level: 'warn' | 'error' | 'fatal') =>
    (message: unknown, ...rest: unknown[]) => {
      const context = rest.at(-1);
      logger[level](
        {
          nest: withoutSecrets(message instanceof Error ? message.message : String(message)),
          context: typeof context === 'string' ? context : undefined,
        },
        'nest',
      );
    };
  return {
    log: () => undefined,
    debug: () => undefined,
    verbose: () => undefined,
    warn: logAt('warn'),
    error: logAt('error'),
    fatal: logAt('fatal'),
  };
}
