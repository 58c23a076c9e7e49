/** How long a client that never saw the answer may send its old token again. */
export const GRACE_SECONDS = 10;
/** A session that nobody used for this long is over. */
export const REFRESH_TTL_SECONDS = 30 * 24 * 60 * 60;
/** However busy, a session ends this long after its log-in. */
export const SESSION_TTL_SECONDS = 180 * 24 * 60 * 60;

export interface PresentedToken {
  expiresAt: Date;
  usedAt: Date | null;
  /** The token that was given out for this one; null while this one is unused. */
  successor: { usedAt: Date | null } | null;
}

export interface Family {
  expiresAt: Date;
  revokedAt: Date | null;
  revokedFor: string | null;
  /** Its owner is active and has not ended all sessions since it began. */
  stands: boolean;
}

export type RefreshDecision =
  /** First use: give out a successor. */
  | 'rotate'
  /** Sent again at once, the successor still unused: give the same successor. */
  | 'repeat'
  /** Used before: either its owner or a thief holds a copy. The family dies. */
  | 'reused'
  /** The family died that way earlier. */
  | 'dead'
  /** Expired, logged out, suspended. */
  | 'ended';

export function decideRefresh(token: PresentedToken, family: Family, now: Date): RefreshDecision {
  if (family.revokedAt) return family.revokedFor === 'reuse' ? 'dead' : 'ended';
  if (!family.stands || family.expiresAt <= now) return 'ended';
  if (token.usedAt) {
    const sentAgainAfterMs = now.getTime() - token.usedAt.getTime();
    const inGrace = sentAgainAfterMs <= GRACE_SECONDS * 1000;
    return inGrace && token.successor && !token.successor.usedAt ? 'repeat' : 'reused';
  }
  return token.expiresAt <= now ? 'ended' : 'rotate';
}
