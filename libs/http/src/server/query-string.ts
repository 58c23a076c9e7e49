import { parse } from 'node:querystring';
import { type FieldError, Problem } from '@roost/platform';
import { textFault } from './json-body.js';

const MAX_PARAMETERS = 100;

/** Parses a query string into an object without a prototype. A repeated name becomes a list, which schemas reject. */
export function parseQuery(text: string): Record<string, unknown> {
  return parse(text, '&', '=', { maxKeys: MAX_PARAMETERS });
}

/** Throws 400 for a NUL or a lone surrogate in the path or the query. */
export function rejectInvalidText(request: { url: string; query: unknown; params: unknown }): void {
  if (!request.url.includes('%')) return;
  const errors: FieldError[] = [];
  for (const part of [request.params, request.query]) {
    for (const [parameter, value] of Object.entries((part ?? {}) as Record<string, unknown>)) {
      for (const text of Array.isArray(value) ? value : [value]) {
        const detail = typeof text === 'string' ? (textFault(text) ?? textFault(parameter)) : null;
        if (detail) errors.push({ parameter: textFault(parameter) ? '' : parameter, detail });
      }
    }
  }
  if (errors.length > 0) throw new Problem('request.invalid', undefined, { errors: errors.slice(0, 20) });
}
