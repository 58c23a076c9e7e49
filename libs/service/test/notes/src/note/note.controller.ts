import { EntityManager } from '@mikro-orm/postgresql';
import { Controller, Delete, Get, Patch, Post } from '@nestjs/common';
import {
  RespondsWith,
  type AuthUser,
  Body,
  CurrentUser,
  currentRequest,
  etagOf,
  FilePart,
  OptionalUser,
  Page,
  type PageOf,
  Param,
  Public,
  QueryParams,
  Roles,
  StepUp,
  Upload,
  type UploadedFile,
  Uuid,
  VerifiedEmail,
  Wait,
  waitForChange,
  type WaitRequest,
  withEtag,
} from '@roost/http';
import { Attachment, Bulk, Count, Hello, ListNotes, NoteDto, WriteMany, WriteNote } from './note.dto.js';
import { countNotes, listNotes } from './note.queries.js';
import { NoteService } from './note.service.js';

@Controller('v1/notes')
export class NoteController {
  constructor(
    private readonly notes: NoteService,
    private readonly em: EntityManager,
  ) {}

  @Post()
  @VerifiedEmail()
  @RespondsWith(201, NoteDto)
  async write(@CurrentUser() user: AuthUser, @Body(WriteNote) body: WriteNote): Promise<NoteDto> {
    const note = await this.notes.write(user, body);
    return withEtag(note, etagOf(note.version, user.id));
  }

  @Get('count')
  @Public()
  @RespondsWith(200, Count)
  async count(): Promise<Count> {
    return { count: await countNotes(this.em) };
  }

  @Get('hello')
  @OptionalUser()
  @RespondsWith(200, Hello)
  hello(@CurrentUser() user: AuthUser | null): Hello {
    return { id: user?.id ?? null };
  }

  @Delete()
  @Roles('admin')
  @StepUp()
  @RespondsWith(204)
  removeExpired(): Promise<void> {
    return this.notes.removeExpired();
  }

  @Post('bulk')
  @RespondsWith(200, Bulk)
  async writeMany(@CurrentUser() user: AuthUser, @Body(WriteMany) body: WriteMany): Promise<Bulk> {
    for (const text of body.texts) await this.notes.add(user, { text, tags: [] });
    return { count: body.texts.length, requestId: currentRequest()?.requestId };
  }

  @Post('attachments')
  @Upload({ field: 'file', maxBytes: 2_000_000 })
  @RespondsWith(201, Attachment, 'request.too_large')
  attach(@FilePart() file: UploadedFile): Attachment {
    return { sizeBytes: file.bytes.length, mimeType: file.mimeType };
  }

  @Get(':id')
  @RespondsWith(200, NoteDto, 'route.not_found')
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
  @RespondsWith(200, NoteDto, 'route.not_found', 'request.precondition_failed')
  async edit(
    @CurrentUser() user: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(WriteNote) body: WriteNote,
  ): Promise<NoteDto> {
    const note = await this.notes.edit(user, id, body);
    return withEtag(note, etagOf(note.version, user.id));
  }

  @Get()
  @RespondsWith(200, Page(NoteDto))
  list(@CurrentUser() user: AuthUser, @QueryParams(ListNotes) query: ListNotes): Promise<PageOf<NoteDto>> {
    return listNotes(this.em, user.id, query);
  }
}
