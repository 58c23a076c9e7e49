/** How long others may go on with the key set they have. */
export const KEY_SET_MAX_AGE_SECONDS = 5 * 60;
export const ACCESS_TOKEN_TTL_SECONDS = 10 * 60;
/** A new key is published this long before it signs. */
export const LEAD_SECONDS = 2 * KEY_SET_MAX_AGE_SECONDS;
/** The key before it stays published this long after its last signature. */
export const TAIL_SECONDS = ACCESS_TOKEN_TTL_SECONDS + KEY_SET_MAX_AGE_SECONDS;
export const ROTATE_AFTER_SECONDS = 90 * 24 * 60 * 60;

export interface KeyTimes {
  kid: string;
  activeFrom: Date;
  retireAt: Date | null;
}

const later = (instant: Date, seconds: number) => new Date(instant.getTime() + seconds * 1000);

/** The youngest key that may sign now; undefined when there is none. */
export function signingKeyAt<K extends KeyTimes>(keys: readonly K[], now: Date): K | undefined {
  return keys
    .filter((key) => key.activeFrom <= now && (!key.retireAt || key.retireAt > now))
    .sort((a, b) => b.activeFrom.getTime() - a.activeFrom.getTime() || (a.kid < b.kid ? -1 : 1))[0];
}

/** What the key set lists: keys that sign, will sign soon, or have signed tokens that still live. */
export function publishedKeysAt<K extends KeyTimes>(keys: readonly K[], now: Date): K[] {
  return keys.filter((key) => !key.retireAt || key.retireAt > now);
}

/** Whether the youngest key, active or waiting, has served long enough. */
export function rotationDue(keys: readonly KeyTimes[], now: Date): boolean {
  const youngest = Math.max(...publishedKeysAt(keys, now).map((key) => key.activeFrom.getTime()));
  return now.getTime() - youngest >= ROTATE_AFTER_SECONDS * 1000;
}

/** When a key made now begins to sign, and when those before it leave the set. */
export function handOver(now: Date): { activeFrom: Date; retireOthersAt: Date } {
  const activeFrom = later(now, LEAD_SECONDS);
  return { activeFrom, retireOthersAt: later(activeFrom, TAIL_SECONDS) };
}
