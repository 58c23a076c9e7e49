export const MAX_URL_LENGTH = 2_000;

/** Host names that never belong to a public server. */
const LOCAL = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|home\.arpa)\.?$/;

/**
 * Returns the URL of a feed, or the reason why it is not valid. `URL` converts a decimal, octal or hexadecimal host to its IP
 * address. Whether a host is public is checked when it is resolved, at each fetch and each redirect.
 */
export function readFeedUrl(text: string, base?: URL): URL | string {
  if (text.length > MAX_URL_LENGTH) return `Must have at most ${MAX_URL_LENGTH} characters`;
  const url = URL.parse(text.trim().replace(/^webcals?:\/\//i, 'https://'), base);
  if (!url) return 'Must be a URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'Must begin with https:// or http://';
  if (url.username !== '' || url.password !== '') return 'Must not contain a user name or password';
  const host = hostOf(url);
  if (LOCAL.test(host) || !/[.:]./.test(host)) {
    return 'Must be a server of the public internet';
  }
  url.hash = '';
  return url;
}

/** Without the brackets of IPv6. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

export const portOf = (url: URL): number => Number(url.port || (url.protocol === 'https:' ? 443 : 80));

/** Without path and query: anyone who has these can read the feed. */
export const maskedUrl = (url: URL): string => `${url.origin}/…`;
