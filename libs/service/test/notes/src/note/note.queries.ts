import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
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

@Injectable()
export class NoteQueries {
  constructor(private readonly em: EntityManager) {}

  async count(): Promise<number> {
    const rows = await this.em.execute<{ count: number }[]>('SELECT count(*) FROM note');
    return rows[0]?.count ?? 0;
  }

  async listOf(ownerId: string, query: ListNotes): Promise<PageOf<NoteDto>> {
    const after = decodeCursor(query.cursor, z.tuple([z.uuid()]));
    const rows = await this.em.execute<NoteRow[]>(
      `SELECT id, text, tags, version, created_at FROM note
        WHERE owner_id = ? AND (?::uuid IS NULL OR id < ?::uuid) AND (?::text IS NULL OR tags @> jsonb_build_array(?::text))
        ORDER BY id DESC LIMIT ?`,
      [
        ownerId,
        after?.[0] ?? null,
        after?.[0] ?? null,
        query.tag ?? null,
        query.tag ?? null,
        query.limit + 1,
      ],
    );
    const { data, nextCursor } = page(rows, query.limit, (row) => [row.id]);
    return { data: data.map(toDto), nextCursor };
  }
}

const toDto = ({ created_at, ...row }: NoteRow): NoteDto => ({ ...row, createdAt: created_at.toISOString() });
