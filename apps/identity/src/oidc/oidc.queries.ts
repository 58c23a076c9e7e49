import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { decodeCursor, page, type PageOf, Uuid } from '@roost/http';

export interface OidcSignIn {
  tokenHash: Buffer;
  provider: string;
  redirectUri: string;
  /** Of a user who links an account; null for a log-in. */
  sessionId: string | null;
  expiresAt: Date;
}

export async function insertOidcSignIn(em: EntityManager, signIn: OidcSignIn): Promise<void> {
  await em.execute(sql`
    INSERT INTO oidc_sign_in (token_hash, provider, redirect_uri, session_id, expires_at)
    VALUES (${signIn.tokenHash}, ${signIn.provider}, ${signIn.redirectUri}, ${signIn.sessionId}, ${signIn.expiresAt})`);
}

/** Deletes a sign-in in progress. Undefined if it was used, has expired, or belongs to another session. */
export async function consumeOidcSignIn(
  em: EntityManager,
  { tokenHash, sessionId }: Pick<OidcSignIn, 'tokenHash' | 'sessionId'>,
  now: Date,
): Promise<Pick<OidcSignIn, 'provider' | 'redirectUri' | 'expiresAt'> | undefined> {
  const [row] = await em.execute<Pick<OidcSignIn, 'provider' | 'redirectUri' | 'expiresAt'>[]>(sql`
    DELETE FROM oidc_sign_in WHERE token_hash = ${tokenHash}
      AND session_id IS NOT DISTINCT FROM ${sessionId}::uuid AND expires_at > ${now}
    RETURNING provider, redirect_uri AS "redirectUri", expires_at AS "expiresAt"`);
  return row;
}

export interface ExternalIdentity {
  id: string;
  userId: string;
  issuer: string;
  subject: string;
  email: string | null;
  createdAt: Date;
  lastUsedAt: Date;
}

/** Returns false if it is linked already, or its user has another account of the same provider. */
export async function insertIdentity(em: EntityManager, identity: ExternalIdentity): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    INSERT INTO external_identity (id, user_id, issuer, subject, email, created_at, last_used_at)
    VALUES (${identity.id}, ${identity.userId}, ${identity.issuer}, ${identity.subject}, ${identity.email},
      ${identity.createdAt}, ${identity.lastUsedAt})
    ON CONFLICT DO NOTHING RETURNING id`);
  return rows.length > 0;
}

/**
 * Records a log-in. Returns the id of the user here; undefined if the account of the provider is not linked, or is not one of
 * `ownerId`.
 */
export async function recordIdentityUse(
  em: EntityManager,
  { issuer, subject, email }: Pick<ExternalIdentity, 'issuer' | 'subject' | 'email'>,
  { now, ownerId = null }: { now: Date; ownerId?: string | null },
): Promise<string | undefined> {
  const [row] = await em.execute<{ userId: string }[]>(sql`
    UPDATE external_identity SET last_used_at = ${now}, email = ${email}
    WHERE issuer = ${issuer} AND subject = ${subject} AND (${ownerId}::uuid IS NULL OR user_id = ${ownerId}::uuid)
    RETURNING user_id AS "userId"`);
  return row?.userId;
}

/** Newest first. */
export async function listIdentities(
  em: EntityManager,
  userId: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<PageOf<ExternalIdentity>> {
  const after = decodeCursor(cursor, Uuid);
  const rows = await em.execute<ExternalIdentity[]>(sql`
    SELECT id, user_id AS "userId", issuer, subject, email, created_at AS "createdAt", last_used_at AS "lastUsedAt"
    FROM external_identity WHERE user_id = ${userId} AND (${after}::uuid IS NULL OR id < ${after}::uuid)
    ORDER BY id DESC LIMIT ${limit + 1}`);
  return page(rows, limit, ({ id }) => id);
}

/** Returns the issuer of the deleted identity; undefined if the user has no such identity. */
export async function deleteIdentity(
  em: EntityManager,
  { id, userId }: { id: string; userId: string },
): Promise<string | undefined> {
  const [row] = await em.execute<{ issuer: string }[]>(sql`
    DELETE FROM external_identity WHERE id = ${id} AND user_id = ${userId} RETURNING issuer`);
  return row?.issuer;
}
