/** `http://localhost:5173`, `https://127.0.0.1`: an origin of the developer's own machine. */
const LOCAL = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/** Whether a text is exactly an origin, as browsers send it. `*` and `null` are none. */
export function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { origin, protocol } = new URL(text);
  return /^https?:$/.test(protocol) && origin === text;
}

/** Whether scripts of pages of this origin may read responses. */
export function isAllowedOrigin(
  origin: string,
  { origins, development }: { origins: readonly string[]; development: boolean },
): boolean {
  return origins.includes(origin) || (development && LOCAL.test(origin));
}
