import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { decodeCursor, page, type PageOf, Uuid } from '@roost/http';
import type { NewCredential } from '../credential/passkey-check.service.js';
import type { Passkey } from './passkey.dto.js';

export interface NewPasskey extends NewCredential {
  id: string;
  userId: string;
  name: string;
  createdAt: Date;
}

/** Returns false if the credential exists, also one of another user. */
export async function insertPasskey(em: EntityManager, passkey: NewPasskey): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    INSERT INTO passkey (id, user_id, name, credential_id, public_key, sign_count, transports, backed_up, created_at)
    VALUES (${passkey.id}, ${passkey.userId}, ${passkey.name}, ${passkey.credentialId}, ${passkey.publicKey},
      ${passkey.signCount}, ${JSON.stringify(passkey.transports)}::jsonb, ${passkey.backedUp}, ${passkey.createdAt})
    ON CONFLICT (credential_id) DO NOTHING RETURNING id`);
  return rows.length > 0;
}

export async function countPasskeys(em: EntityManager, userId: string): Promise<number> {
  const [row] = await em.execute<[{ count: number }]>(sql`
    SELECT count(*)::int AS count FROM passkey WHERE user_id = ${userId}`);
  return row.count;
}

/** Newest first. */
export async function listPasskeys(
  em: EntityManager,
  userId: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<PageOf<Passkey>> {
  const after = decodeCursor(cursor, Uuid);
  const rows = await em.execute<PasskeyRow[]>(sql`
    SELECT ${VIEW} FROM passkey WHERE user_id = ${userId} AND (${after}::uuid IS NULL OR id < ${after}::uuid)
    ORDER BY id DESC LIMIT ${limit + 1}`);
  return page(rows.map(toPasskey), limit, ({ id }) => id);
}

/** Returns undefined if the user has no such passkey. */
export async function renamePasskey(
  em: EntityManager,
  { id, userId }: { id: string; userId: string },
  name: string,
): Promise<Passkey | undefined> {
  const [row] = await em.execute<PasskeyRow[]>(sql`
    UPDATE passkey SET name = ${name} WHERE id = ${id} AND user_id = ${userId} RETURNING ${VIEW}`);
  return row && toPasskey(row);
}

/** Returns false if the user has no such passkey. */
export async function deletePasskey(
  em: EntityManager,
  { id, userId }: { id: string; userId: string },
): Promise<string | undefined> {
  const [row] = await em.execute<{ name: string }[]>(sql`
    DELETE FROM passkey WHERE id = ${id} AND user_id = ${userId} RETURNING name`);
  return row?.name;
}

const VIEW = sql`id, name, backed_up AS "backedUp", created_at AS "createdAt", last_used_at AS "lastUsedAt"`;

type PasskeyRow = Omit<Passkey, 'createdAt' | 'lastUsedAt'> & { createdAt: Date; lastUsedAt: Date | null };

const toPasskey = (row: PasskeyRow): Passkey => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
});
