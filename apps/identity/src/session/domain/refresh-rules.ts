/** How long a client that did not receive the response can send its old token again. */
export const GRACE_SECONDS = 10;
/** A session ends after this time without a refresh. */
export const REFRESH_TTL_SECONDS = 30 * 24 * 60 * 60;
/** A session ends this long after its log-in, also with refreshes. */
export const SESSION_TTL_SECONDS = 180 * 24 * 60 * 60;

export interface PresentedToken {
  expiresAt: Date;
  usedAt: Date | null;
  /** The token issued for this one; null while this one is unused. */
  successor: { usedAt: Date | null } | null;
}

/** The session that the refresh tokens belong to. */
export interface TokenFamily {
  expiresAt: Date;
  revokedAt: Date | null;
  revokedFor: string | null;
  /** The user is active and has not ended all sessions since this one started. */
  valid: boolean;
}

export type RefreshDecision =
  /** First use: issue a successor. */
  | 'rotate'
  /** Sent again within the grace period, the successor unused: return the same successor. */
  | 'repeat'
  /** Used before: the owner or a thief holds a copy. Revoke the family. */
  | 'reused'
  /** The family was revoked for reuse earlier. */
  | 'revoked_for_reuse'
  /** Expired, logged out, or suspended. */
  | 'ended';

export function decideRefresh(token: PresentedToken, family: TokenFamily, now: Date): RefreshDecision {
  if (family.revokedAt) return family.revokedFor === 'reuse' ? 'revoked_for_reuse' : 'ended';
  if (!family.valid || family.expiresAt <= now) return 'ended';
  if (token.usedAt) {
    const sinceUseMs = now.getTime() - token.usedAt.getTime();
    const inGrace = sinceUseMs <= GRACE_SECONDS * 1000;
    return inGrace && token.successor && !token.successor.usedAt ? 'repeat' : 'reused';
  }
  return token.expiresAt <= now ? 'ended' : 'rotate';
}
