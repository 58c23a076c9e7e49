/** How long clients may cache the key set. */
export const KEY_SET_MAX_AGE_SECONDS = 5 * 60;
export const ACCESS_TOKEN_TTL_SECONDS = 10 * 60;
/** Time between the publication of a new key and its first signature. */
export const LEAD_SECONDS = 2 * KEY_SET_MAX_AGE_SECONDS;
/** Time between the last signature of a key and its removal from the key set. */
export const TAIL_SECONDS = ACCESS_TOKEN_TTL_SECONDS + KEY_SET_MAX_AGE_SECONDS;
export const ROTATE_AFTER_SECONDS = 90 * 24 * 60 * 60;

export interface KeyTimes {
  kid: string;
  activeFrom: Date;
  retireAt: Date | null;
}

const later = (instant: Date, seconds: number) => new Date(instant.getTime() + seconds * 1000);

/** Returns the newest key that may sign now, or undefined. */
export function signingKeyAt<K extends KeyTimes>(keys: readonly K[], now: Date): K | undefined {
  return keys
    .filter((key) => key.activeFrom <= now && (!key.retireAt || key.retireAt > now))
    .sort((a, b) => b.activeFrom.getTime() - a.activeFrom.getTime() || (a.kid < b.kid ? -1 : 1))[0];
}

/** Returns the keys of the key set: keys that sign, will sign soon, or have signed tokens that have not expired. */
export function publishedKeysAt<K extends KeyTimes>(keys: readonly K[], now: Date): K[] {
  return keys.filter((key) => !key.retireAt || key.retireAt > now);
}

/** Whether the newest key, active or not yet active, has reached the rotation age. */
export function isRotationDue(keys: readonly KeyTimes[], now: Date): boolean {
  const newest = Math.max(...publishedKeysAt(keys, now).map((key) => key.activeFrom.getTime()));
  return now.getTime() - newest >= ROTATE_AFTER_SECONDS * 1000;
}

/** When a key created now starts to sign, and when the earlier keys leave the key set. */
export function rotationTimes(now: Date): { activeFrom: Date; retireOthersAt: Date } {
  const activeFrom = later(now, LEAD_SECONDS);
  return { activeFrom, retireOthersAt: later(activeFrom, TAIL_SECONDS) };
}
