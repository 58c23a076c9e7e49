import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { decodeCursor, page, type AuthUser, type PageOf } from '@roost/http';
import { Problem } from '@roost/platform';
import { z } from 'zod';
import {
  tagOfThread,
  toMessageDto,
  toThreadDto,
  type ListThreads,
  type Message,
  type Thread,
} from './message.dto.js';
import {
  findThreads,
  lastMessages,
  listMessages,
  listThreads,
  type MessageRow,
  type ThreadRow,
} from './message.queries.js';

const Cursor = z.tuple([z.int().min(0)]);

interface PageWish {
  limit: number;
  cursor?: string | undefined;
}

/** Threads and messages as those who take part in them see them; for everybody else there are none. */
@Injectable()
export class MessageReader {
  constructor(private readonly em: EntityManager) {}

  async thread(viewer: AuthUser, id: string): Promise<{ value: Thread; etag: string }> {
    const row = await this.find(viewer, id);
    const [value] = await this.shown([row], viewer);
    if (!value) throw new Problem('thread.not_found');
    return { value, etag: tagOfThread(row, viewer.id) };
  }

  async threads(viewer: AuthUser, ids: readonly string[]): Promise<Thread[]> {
    return await this.shown(await findThreads(this.em.fork(), ids, viewer.id), viewer);
  }

  async list(viewer: AuthUser, query: ListThreads): Promise<PageOf<Thread>> {
    const [before = null] = decodeCursor(query.cursor, Cursor) ?? [];
    const rows = await listThreads(this.em.fork(), viewer.id, { ...query, before });
    const found = page(rows, query.limit, ({ lastSeq }) => [Number(lastSeq)]);
    return { ...found, data: await this.shown(found.data, viewer) };
  }

  async messages(viewer: AuthUser, threadId: string, wish: PageWish): Promise<PageOf<Message>> {
    const { id, contactsShown } = await this.find(viewer, threadId);
    const [list] = await this.messagesOf([{ id, contactsShown }], wish);
    return list ?? { data: [], nextCursor: null };
  }

  /** A page of each, in their order: one query, however many threads. */
  async messagesOf(
    threads: readonly Pick<Thread, 'id' | 'contactsShown'>[],
    { limit, cursor }: PageWish,
  ): Promise<PageOf<Message>[]> {
    const [before = null] = decodeCursor(cursor, Cursor) ?? [];
    const ids = threads.map(({ id }) => id);
    const found = await listMessages(this.em.fork(), ids, limit, before);
    return threads.map(({ id, contactsShown }) => {
      const rows = page(found.get(id) ?? [], limit, ({ seq }: MessageRow) => [Number(seq)]);
      return { ...rows, data: rows.data.map((row) => toMessageDto(row, contactsShown)) };
    });
  }

  private async find(viewer: AuthUser, id: string): Promise<ThreadRow> {
    const [row] = await findThreads(this.em.fork(), [id], viewer.id);
    if (!row) throw new Problem('thread.not_found');
    return row;
  }

  private async shown(rows: readonly ThreadRow[], viewer: AuthUser): Promise<Thread[]> {
    const last = await lastMessages(this.em.fork(), rows);
    return rows.map((row) => toThreadDto(row, last.get(row.id), viewer.id));
  }
}
