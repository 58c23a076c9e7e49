import { Controller, Get, Patch, Post } from '@nestjs/common';
import {
  Answers,
  type AuthUser,
  Body,
  CurrentUser,
  etagOf,
  Page,
  type PageOf,
  Param,
  QueryParams,
  Uuid,
  VerifiedEmail,
  Wait,
  waitForChange,
  type WaitRequest,
  withEtag,
} from '../../../../src/index.js';
import { ListNotes, NoteDto, WriteNote } from './note.dto.js';
import { NoteQueries } from './note.queries.js';
import { NoteService } from './note.service.js';

@Controller('v1/notes')
export class NoteController {
  constructor(
    private readonly notes: NoteService,
    private readonly queries: NoteQueries,
  ) {}

  @Post()
  @VerifiedEmail()
  @Answers(201, NoteDto)
  async write(@CurrentUser() user: AuthUser, @Body(WriteNote) body: WriteNote): Promise<NoteDto> {
    const note = await this.notes.write(user, body);
    return withEtag(note, etagOf(note.version, user.id));
  }

  @Get(':id')
  @Answers(200, NoteDto, 'route.not_found')
  async read(
    @CurrentUser() user: AuthUser,
    @Param('id', Uuid) id: string,
    @Wait() wait: WaitRequest,
  ): Promise<NoteDto> {
    const state = await waitForChange({
      ...wait,
      read: async () => {
        const note = await this.notes.read(user, id);
        return { value: note, etag: etagOf(note.version, user.id) };
      },
    });
    return withEtag(state.value, state.etag);
  }

  @Patch(':id')
  @Answers(200, NoteDto, 'route.not_found', 'request.precondition_failed')
  async edit(
    @CurrentUser() user: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(WriteNote) body: WriteNote,
  ): Promise<NoteDto> {
    const note = await this.notes.edit(user, id, body);
    return withEtag(note, etagOf(note.version, user.id));
  }

  @Get()
  @Answers(200, Page(NoteDto))
  list(@CurrentUser() user: AuthUser, @QueryParams(ListNotes) query: ListNotes): Promise<PageOf<NoteDto>> {
    return this.queries.listOf(user.id, query);
  }
}
