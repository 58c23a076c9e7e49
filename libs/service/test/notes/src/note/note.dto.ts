import { Instant, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';
import type { Note } from './note.entity.js';

export const WriteNote = z
  .strictObject({
    text: z.string().trim().min(1).max(200),
    tags: z.array(z.string().max(20)).max(5).default([]),
    expiresInDays: z.int().min(1).max(30).optional(),
  })
  .meta({ id: 'WriteNote' });
export type WriteNote = z.output<typeof WriteNote>;

export const ListNotes = z.strictObject({ ...PageQuery, tag: z.string().max(20).optional() });
export type ListNotes = z.output<typeof ListNotes>;

export const NoteDto = z
  .object({ id: Uuid, text: z.string(), tags: z.array(z.string()), version: z.int(), createdAt: Instant })
  .meta({ id: 'Note' });
export type NoteDto = z.output<typeof NoteDto>;

export const toNoteDto = (note: Note): NoteDto => ({
  id: note.id,
  text: note.text,
  tags: note.tags,
  version: note.version,
  createdAt: note.createdAt.toISOString(),
});

export const Count = z.object({ count: z.int() });
export type Count = z.output<typeof Count>;

export const Hello = z.object({ id: Uuid.nullable() });
export type Hello = z.output<typeof Hello>;

export const WriteMany = z.strictObject({ texts: z.array(z.string().min(1).max(200)).max(100) });
export type WriteMany = z.output<typeof WriteMany>;

export const Bulk = z.object({ count: z.int(), requestId: z.string().optional() });
export type Bulk = z.output<typeof Bulk>;

export const Attachment = z.object({ sizeBytes: z.int(), mimeType: z.string() });
export type Attachment = z.output<typeof Attachment>;
