/** Work that is unfinished for this long is reported. */
export const STUCK_MINUTES = 5;

export const stuckSince = (now: Date): Date => new Date(now.getTime() - STUCK_MINUTES * 60_000);
