import { withoutSecrets } from './without-secrets.js';

/**
 * The fields of an error that may appear in a log. Never the SQL, its parameters or PostgreSQL's detail, which quotes
 * values: of a database error only the SQLSTATE, the constraint and the table.
 */
export function serializeError(error: unknown): Record<string, unknown> {
  // Not `instanceof Error`: specs run in a realm of their own, so errors of Node's modules are not instances of it.
  if (typeof error !== 'object' || error === null) return { type: typeof error };
  const { name, message, stack, code, constraint, table, cause } = error as Record<string, unknown>;
  const isSqlState = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code);
  const frames = (typeof stack === 'string' ? stack : '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: name,
    message: isSqlState
      ? `PostgreSQL ${code}`
      : withoutSecrets(String(message).split('\n')[0]?.slice(0, 500) ?? ''),
    ...(code === undefined ? {} : { code }),
    ...(constraint === undefined ? {} : { constraint }),
    ...(table === undefined ? {} : { table }),
    stack: frames.slice(0, 12).join('\n'),
    ...(cause == null ? {} : { cause: serializeError(cause) }),
  };
}
