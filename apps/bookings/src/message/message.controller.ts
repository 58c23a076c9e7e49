import { Controller, Get, Post, Put } from '@nestjs/common';
import {
  HasEtag,
  RespondsWith,
  Body,
  CurrentUser,
  Page,
  Param,
  QueryParams,
  Uuid,
  VerifiedEmail,
  withEtag,
  type AuthUser,
  type PageOf,
  Summary,
} from '@roost/http';
import { ListMessages, ListThreads, MarkRead, Message, SendMessage, Thread } from './message.dto.js';
import { MessageReader } from './message-reader.service.js';
import { MessageService } from './message.service.js';

@Controller('v1')
export class MessageController {
  constructor(
    private readonly service: MessageService,
    private readonly reader: MessageReader,
  ) {}

  @Summary('List your threads')
  @Get('me/threads')
  @RespondsWith(200, Page(Thread))
  list(
    @CurrentUser() viewer: AuthUser,
    @QueryParams(ListThreads) query: ListThreads,
  ): Promise<PageOf<Thread>> {
    return this.reader.list(viewer, query);
  }

  @Summary('Ask the host of a listing')
  @Post('listings/:id/threads')
  @VerifiedEmail()
  @RespondsWith(201, Thread, 'listing.not_found', 'listing.is_own', 'thread.closed', 'rate.too_many_messages')
  enquire(
    @CurrentUser() guest: AuthUser,
    @Param('id', Uuid) listingId: string,
    @Body(SendMessage) { text }: SendMessage,
  ): Promise<Thread> {
    return this.service.enquire(guest, listingId, text);
  }

  /** The thread of a booking has the booking's id. */
  @Summary('Read a thread')
  @Get('threads/:id')
  @HasEtag()
  @RespondsWith(200, Thread, 'thread.not_found')
  async read(@CurrentUser() viewer: AuthUser, @Param('id', Uuid) id: string): Promise<Thread> {
    const { value, etag } = await this.reader.thread(viewer, id);
    return withEtag(value, etag);
  }

  @Summary('List the messages of a thread')
  @Get('threads/:id/messages')
  @RespondsWith(200, Page(Message), 'thread.not_found')
  messages(
    @CurrentUser() viewer: AuthUser,
    @Param('id', Uuid) threadId: string,
    @QueryParams(ListMessages) query: ListMessages,
  ): Promise<PageOf<Message>> {
    return this.reader.messages(viewer, threadId, query);
  }

  @Summary('Read a message')
  @Get('messages/:id')
  @RespondsWith(200, Message, 'message.not_found')
  message(@CurrentUser() viewer: AuthUser, @Param('id', Uuid) id: string): Promise<Message> {
    return this.reader.message(viewer, id);
  }

  @Summary('Send a message')
  @Post('threads/:id/messages')
  @VerifiedEmail()
  @RespondsWith(201, Message, 'thread.not_found', 'thread.closed', 'rate.too_many_messages')
  send(
    @CurrentUser() sender: AuthUser,
    @Param('id', Uuid) threadId: string,
    @Body(SendMessage) { text }: SendMessage,
  ): Promise<Message> {
    return this.service.send(sender, threadId, text);
  }

  @Summary('Mark a thread as read')
  @Put('threads/:id/read-mark')
  @RespondsWith(200, Thread, 'thread.not_found', 'message.not_found', 'request.precondition_failed')
  async markRead(
    @CurrentUser() reader: AuthUser,
    @Param('id', Uuid) threadId: string,
    @Body(MarkRead) { messageId }: MarkRead,
  ): Promise<Thread> {
    const { value, etag } = await this.service.markRead(reader, threadId, messageId);
    return withEtag(value, etag);
  }
}
