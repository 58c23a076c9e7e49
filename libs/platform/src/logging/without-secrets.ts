/** In lower case. */
const SECRET_KEYS = new Set([
  'authorization',
  'cookie',
  'set-cookie',
  'stripe-signature',
  'x-paystack-signature',
  'password',
  'token',
  'accesstoken',
  'refreshtoken',
  'mfatoken',
  'secret',
  'clientsecret',
  'apikey',
  'privatekey',
  'email',
  'recipient',
  'phone',
  'card',
  'cardnumber',
  'cvc',
  'iban',
  'accountnumber',
  'body',
  'sql',
  'parameters',
]);
const REDACTED = '[redacted]';
/** Ends cycles. */
const MAX_DEPTH = 8;

/**
 * The fields of a log line with the values of secret keys replaced, at any depth. Not pino's `redact`: on a line of a
 * request its paths cost forty times as much. `err` has a serializer of its own.
 */
export function withoutSecretFields(fields: Record<string, unknown>, depth = 0): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(fields)) {
    const safe = isSecret(key, value) ? REDACTED : withoutNestedSecrets(key, value, depth);
    if (safe === value) continue;
    copy ??= (Array.isArray(fields) ? [...(fields as unknown[])] : { ...fields }) as Record<string, unknown>;
    copy[key] = safe;
  }
  return copy ?? fields;
}

const isSecret = (key: string, value: unknown): boolean =>
  value != null && SECRET_KEYS.has(key.toLowerCase());

function withoutNestedSecrets(key: string, value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || (depth === 0 && key === 'err')) return value;
  return depth === MAX_DEPTH ? REDACTED : withoutSecretFields(value as Record<string, unknown>, depth + 1);
}

/** Texts of libraries may quote what they were given. Each pattern stands for a kind of secret or of personal data. */
const PATTERNS: readonly [pattern: RegExp, kind: string][] = [
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '[token]'],
  [/\b(Bearer|Basic) [\w+/=.~-]+/gi, '$1 [token]'],
  [/\b(sk|rk|whsec|pk)_(live_|test_)?\w{8,}/g, '[key]'],
  [/(\w+:\/\/[^\s:/@]+):[^\s@/]+@/g, '$1:[password]@'],
  [/[\w.+-]+@[\w-]+(\.[\w-]+)+/g, '[email]'],
  [/\b\d(?:[ -]?\d){12,18}\b/g, '[number]'],
  [/\+\d(?:[ ().-]?\d){7,14}\b/g, '[phone]'],
];

/** The text without what looks like a token, a key, a password in a URL, an address, or the number of a card or phone. */
export function withoutSecrets(text: string): string {
  return PATTERNS.reduce((result, [pattern, kind]) => result.replace(pattern, kind), text);
}
