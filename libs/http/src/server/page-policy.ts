const STRICTEST = {
  'default-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

/** A Content-Security-Policy that allows nothing, and no frame around the page, except these sources. */
export function contentSecurityPolicy(sources: Readonly<Record<string, string>> = {}): string {
  return Object.entries({ ...STRICTEST, ...sources })
    .map(([directive, source]) => `${directive} ${source}`)
    .join('; ');
}

/** The headers of each response, data as well as pages. A page sets a policy with its own sources. */
export const PAGE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': contentSecurityPolicy(),
};
