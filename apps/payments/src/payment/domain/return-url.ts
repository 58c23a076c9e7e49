import { isAllowedOrigin } from '@roost/platform';

export interface AllowedOrigins {
  origins: readonly string[];
  /** Allows the developer's own machine with any port. */
  development: boolean;
}

/** Two slashes and a host. Browsers also accept other forms, and read backslashes as slashes. */
const ABSOLUTE = /^https?:\/\/[^/\\?#@\s]+(?:[/?#]|$)/i;
const UNSAFE = /[\\\s\p{Cc}\p{Cf}]/u;

/**
 * The URL that a guest may be sent to after the bank's page, in its normalized form. Null for every URL whose origin is
 * not allowed, and for every form that a browser may read as another origin than this code does.
 */
export function allowedReturnUrl(text: string, allowed: AllowedOrigins): string | null {
  if (!ABSOLUTE.test(text) || UNSAFE.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return null;
  return isAllowedOrigin(url.origin, allowed) ? url.href : null;
}
