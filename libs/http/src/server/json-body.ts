import { isUtf8 } from 'node:buffer';
import { type FieldError, Problem } from '@roost/platform';

const MAX_DEPTH = 32;
const POISON = new Set(['__proto__', 'constructor', 'prototype']);
/** Escapes that can spell a NUL, a lone surrogate or a poisonous key: only then the parsed value is walked. */
const SUSPICIOUS = /\\u(?:0000|d[89a-f])|__proto__|\\u005f|constructor|prototype|\\u00[67]/i;
const SUSPICIOUS_DEPTH = 33;

/** Parses a JSON body, and refuses with a 400 what no part behind it could handle. An empty body is no body. */
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
    const wrong = textFault(value);
    if (wrong) errors.push({ pointer, detail: wrong });
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
    if (POISON.has(key)) errors.push({ pointer: at, detail: 'Unknown field' });
    else if (textFault(key)) errors.push({ pointer, detail: 'Has a field whose name is not text' });
    else inspect(item, at, depth + 1, errors);
  }
}

/** PostgreSQL keeps neither NUL nor half a character. */
export function textFault(text: string): string | null {
  if (text.includes('\0')) return 'Must not contain NUL';
  return /\p{Surrogate}/u.test(text) ? 'Must be well-formed Unicode' : null;
}
