import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { decodeCursor, page, type PageOf } from '@roost/http';
import { z } from 'zod';
import type { ListNotes, NoteDto } from './note.dto.js';

interface NoteRow {
  id: string;
  text: string;
  tags: string[];
  version: number;
  created_at: Date;
}

export async function countNotes(em: EntityManager): Promise<number> {
  const rows = await em.execute<{ count: number }[]>(sql`SELECT count(*) FROM note`);
  return rows[0]?.count ?? 0;
}

/** The notes of a user, newest first. */
export async function listNotes(
  em: EntityManager,
  ownerId: string,
  { cursor, tag, limit }: ListNotes,
): Promise<PageOf<NoteDto>> {
  const after = decodeCursor(cursor, z.tuple([z.uuid()]))?.[0] ?? null;
  const rows = await em.execute<NoteRow[]>(sql`
    SELECT id, text, tags, version, created_at FROM note
    WHERE owner_id = ${ownerId}
      AND (${after}::uuid IS NULL OR id < ${after}::uuid)
      AND (${tag ?? null}::text IS NULL OR tags @> jsonb_build_array(${tag ?? null}::text))
    ORDER BY id DESC LIMIT ${limit + 1}`);
  const { data, nextCursor } = page(rows, limit, (row) => [row.id]);
  return { data: data.map(toDto), nextCursor };
}

export async function deleteExpiredNotes(em: EntityManager, now: Date): Promise<void> {
  await em.execute(sql`DELETE FROM note WHERE expires_at <= ${now}`);
}

const toDto = ({ created_at, ...row }: NoteRow): NoteDto => ({ ...row, createdAt: created_at.toISOString() });
