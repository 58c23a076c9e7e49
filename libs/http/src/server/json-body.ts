import { isUtf8 } from 'node:buffer';
import { type FieldError, Problem } from '@roost/platform';

const MAX_DEPTH = 32;
const UNSAFE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
/** Texts that may contain a NUL, a lone surrogate or an unsafe key: only these are inspected after parsing. */
const SUSPICIOUS = /\\u(?:0000|d[89a-f])|__proto__|\\u005f|constructor|prototype|\\u00[67]/i;
const SUSPICIOUS_DEPTH = 33;

/**
 * Parses a JSON body; undefined for an empty one. Throws 400 for values that PostgreSQL or later code can't handle: NUL,
 * lone surrogates, unsafe keys, deep nesting.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw malformed('The body is not UTF-8');
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    throw malformed('The body is not JSON');
  }
  if (SUSPICIOUS.test(text) || opensDeep(text)) {
    const errors: FieldError[] = [];
    inspect(value, '', 0, errors);
    if (errors.length > 0) throw new Problem('request.invalid', undefined, { errors });
  }
  return value;
}

const malformed = (detail: string) =>
  new Problem('request.invalid', undefined, { errors: [{ pointer: '', detail }] });

function opensDeep(text: string): boolean {
  let openings = 0;
  for (let at = 0; at < text.length && openings < SUSPICIOUS_DEPTH; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x5b || char === 0x7b) openings += 1;
  }
  return openings >= SUSPICIOUS_DEPTH;
}

function inspect(value: unknown, pointer: string, depth: number, errors: FieldError[]): void {
  if (errors.length >= 20) return;
  if (typeof value === 'string') {
    const detail = textFault(value);
    if (detail) errors.push({ pointer, detail });
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_DEPTH) {
    errors.push({ pointer, detail: 'Is nested too deeply' });
    return;
  }
  if (Array.isArray(value)) {
    value.forEach((item, index) => inspect(item, `${pointer}/${index}`, depth + 1, errors));
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (UNSAFE_KEYS.has(key)) errors.push({ pointer: at, detail: 'Unknown field' });
    else if (textFault(key)) errors.push({ pointer, detail: 'Has a field with an invalid name' });
    else inspect(item, at, depth + 1, errors);
  }
}

/** Why PostgreSQL can't store a text (NUL, lone surrogate), or `null`. */
export function textFault(text: string): string | null {
  if (text.includes('\0')) return 'Must not contain NUL';
  return /\p{Surrogate}/u.test(text) ? 'Must be well-formed Unicode' : null;
}
