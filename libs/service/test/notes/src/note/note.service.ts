import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { addLogFields, type AuthUser, etagOf, Idempotency, requireMatch } from '@roost/http';
import { Clock, Problem, uuidv7 } from '@roost/platform';
import { addHours } from '@roost/stay';
import { toNoteDto, type NoteDto, type WriteNote } from './note.dto.js';
import { Note } from './note.entity.js';
import { deleteExpiredNotes } from './note.queries.js';

@Injectable()
export class NoteService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly clock: Clock,
  ) {}

  write(user: AuthUser, input: WriteNote): Promise<NoteDto> {
    return this.idempotency.runOnce((em) => this.#write(em, user, input));
  }

  add(user: AuthUser, input: WriteNote): Promise<NoteDto> {
    return this.transactions.run((em) => this.#write(em, user, input));
  }

  async #write(em: EntityManager, user: AuthUser, input: WriteNote): Promise<NoteDto> {
    const now = this.clock.now();
    const note = em.create(Note, {
      id: uuidv7(),
      ownerId: user.id,
      text: input.text,
      tags: input.tags,
      createdAt: now,
      expiresAt: input.expiresInDays === undefined ? null : addHours(now, 24 * input.expiresInDays),
    });
    await em.flush();
    return toNoteDto(note);
  }

  async read(user: AuthUser, id: string): Promise<NoteDto> {
    addLogFields({ noteId: id });
    const note = await this.em.findOne(Note, { id, ownerId: user.id });
    if (!note) throw new Problem('route.not_found', 'The note does not exist');
    return toNoteDto(note);
  }

  edit(user: AuthUser, id: string, input: WriteNote): Promise<NoteDto> {
    return this.transactions.run(async (em) => {
      const note = await em.findOne(Note, { id, ownerId: user.id });
      if (!note) throw new Problem('route.not_found', 'The note does not exist');
      requireMatch(etagOf(note.version, user.id));
      Object.assign(note, { text: input.text, tags: input.tags });
      await em.flush();
      return toNoteDto(note);
    });
  }

  async removeExpired(): Promise<void> {
    await this.transactions.run((em) => deleteExpiredNotes(em, this.clock.now()));
  }
}
