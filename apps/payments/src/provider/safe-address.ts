/** Whether an address of a provider's API protects the secret key: https, or this machine. */
export const isSafeAddress = (value: unknown): boolean =>
  /^(?:https:\/\/|http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?:[:/]|$))/.test(String(value));
