import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { decodeCursor, page, type AuthUser, type PageOf } from '@roost/http';
import { Problem } from '@roost/platform';
import {
  tagOfThread,
  toMessageDto,
  toThreadDto,
  type ListThreads,
  type Message,
  type Thread,
} from './message.dto.js';
import {
  findMessageOf,
  findThreads,
  lastMessages,
  listMessages,
  listThreads,
  Position,
} from './message.queries.js';
import type { MessageRow, ThreadRow } from './message-rows.js';

interface PageRequest {
  limit: number;
  cursor?: string | undefined;
}

/** Reads threads and messages for the guest and the host who take part in them. */
@Injectable()
export class MessageReader {
  constructor(private readonly em: EntityManager) {}

  async thread(viewer: AuthUser, id: string): Promise<{ value: Thread; etag: string }> {
    const row = await this.find(viewer, id);
    const [value] = await this.withLastMessages([row], viewer);
    if (!value) throw new Problem('thread.not_found');
    return { value, etag: tagOfThread(row, viewer.id) };
  }

  async threads(viewer: AuthUser, ids: readonly string[]): Promise<Thread[]> {
    return await this.withLastMessages(await findThreads(this.em.fork(), ids, viewer.id), viewer);
  }

  async list(viewer: AuthUser, query: ListThreads): Promise<PageOf<Thread>> {
    const [before = null] = decodeCursor(query.cursor, Position) ?? [];
    const rows = await listThreads(this.em.fork(), viewer.id, { ...query, before });
    const found = page(rows, query.limit, ({ lastSeq }) => [Number(lastSeq)]);
    return { ...found, data: await this.withLastMessages(found.data, viewer) };
  }

  async message(viewer: AuthUser, id: string): Promise<Message> {
    const row = await findMessageOf(this.em.fork(), viewer.id, id);
    if (!row) throw new Problem('message.not_found');
    return toMessageDto(row, row.contactsShown);
  }

  async messages(viewer: AuthUser, threadId: string, request: PageRequest): Promise<PageOf<Message>> {
    const { id, contactsShown } = await this.find(viewer, threadId);
    const [list] = await this.messagesOf([{ id, contactsShown }], request);
    return list ?? { data: [], nextCursor: null };
  }

  /** A page of messages per thread, in the order of the threads, with one query. */
  async messagesOf(
    threads: readonly Pick<Thread, 'id' | 'contactsShown'>[],
    { limit, cursor }: PageRequest,
  ): Promise<PageOf<Message>[]> {
    const [before = null] = decodeCursor(cursor, Position) ?? [];
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

  private async withLastMessages(rows: readonly ThreadRow[], viewer: AuthUser): Promise<Thread[]> {
    const last = await lastMessages(this.em.fork(), rows);
    return rows.map((row) => toThreadDto(row, last.get(row.id), viewer.id));
  }
}
