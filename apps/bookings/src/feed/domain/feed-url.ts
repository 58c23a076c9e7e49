export const LONGEST_URL = 2_000;

/** Names that are never those of a public server. */
const LOCAL = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|home\.arpa)\.?$/;

/**
 * A feed's address, or what is wrong with it. `URL` has already written a decimal, octal or hexadecimal host as the
 * address that it is. Whether a host is public is seen when it is resolved, at each fetch and each redirect.
 */
export function readFeedUrl(text: string, base?: URL): URL | string {
  if (text.length > LONGEST_URL) return `Must have at most ${LONGEST_URL} characters`;
  const url = URL.parse(text.trim().replace(/^webcals?:\/\//i, 'https://'), base);
  if (!url) return 'Must be a URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'Must begin with https:// or http://';
  if (url.username !== '' || url.password !== '') return 'Must not hold a user name or password';
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

/** The path and the query of a feed's address are what lets anybody read it. */
export const maskedUrl = (url: URL): string => `${url.origin}/…`;
