import type { LoggerService } from '@nestjs/common';
import { destination, pino, type DestinationStream, type Logger } from 'pino';

/** Keys whose values never reach a log, wherever they stand in the first three levels. */
const SECRET_KEYS = [
  'authorization',
  'cookie',
  'password',
  'token',
  'accessToken',
  'refreshToken',
  'mfaToken',
  'secret',
  'clientSecret',
  'email',
  'phone',
  'card',
  'body',
];

/**
 * Where a log goes: a file descriptor or a file. Lines share a write, which comes 200 ms late at most: one for each line
 * wakes a thread here and whoever reads there. Nothing waits at `fatal` and at the end of the process.
 */
export const logDestination = (dest: number | string = 1) =>
  destination({ dest, append: true, sync: false, mode: 0o600, minLength: 8 * 1024, periodicFlush: 200 });

/** One JSON line per event: a constant message, data in fields. To standard output unless told otherwise. */
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
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
    },
    stream,
  );
}

/** Nest's own words: only what is wrong. */
export function nestLogger(logger: Logger): LoggerService {
  const say =
    (level: 'warn' | 'error' | 'fatal') =>
    (message: unknown, ...rest: unknown[]) => {
      const context = rest.at(-1);
      logger[level](
        {
          nest: message instanceof Error ? message.message : String(message),
          context: typeof context === 'string' ? context : undefined,
        },
        'nest',
      );
    };
  return {
    log: () => undefined,
    debug: () => undefined,
    verbose: () => undefined,
    warn: say('warn'),
    error: say('error'),
    fatal: say('fatal'),
  };
}
