import {
  After,
  Arg,
  BatchedEdge,
  Connection,
  type ConnectionPage,
  Edge,
  type EntityRef,
  First,
  ExternalEntity,
  Mutation,
  Parent,
  Query,
  Reference,
  Resolver,
  toConnection,
} from '@roost/graphql';
import { CurrentUser, Uuid, VerifiedEmail, type AuthUser } from '@roost/http';
import { z } from 'zod';
import { MarkRead, Message, SendMessage, Thread } from './message.dto.js';
import { MessageReader } from './message-reader.service.js';
import { MessageService } from './message.service.js';

const User = ExternalEntity('User');
const Listing = ExternalEntity('Listing');
type Ref = z.output<EntityRef>;

const Role = z.enum(['guest', 'host']).meta({ id: 'ThreadRole' }).optional();
type Role = z.output<typeof Role>;

@Resolver(Thread)
export class ThreadResolver {
  constructor(
    private readonly service: MessageService,
    private readonly reader: MessageReader,
  ) {}

  @Query(Thread, { description: 'The thread of a booking has the booking’s id.' })
  async thread(@CurrentUser() viewer: AuthUser, @Arg('id', Uuid) id: string): Promise<Thread> {
    return (await this.reader.thread(viewer, id)).value;
  }

  @Query(Connection(Thread), { description: 'Your threads, newest message first.' })
  async threads(
    @CurrentUser() viewer: AuthUser,
    @Arg('role', Role) role: Role,
    @Arg('first', First) limit: number,
    @Arg('after', After) cursor: string | undefined,
  ): Promise<ConnectionPage<Thread>> {
    return toConnection(await this.reader.list(viewer, { role, limit, cursor }));
  }

  @Mutation(Thread, { description: 'Sends an enquiry to the host of a listing.' })
  @VerifiedEmail()
  startThread(
    @CurrentUser() guest: AuthUser,
    @Arg('listingId', Uuid) listingId: string,
    @Arg('input', SendMessage) { text }: SendMessage,
  ): Promise<Thread> {
    return this.service.enquire(guest, listingId, text);
  }

  @Mutation(Message)
  @VerifiedEmail()
  sendMessage(
    @CurrentUser() sender: AuthUser,
    @Arg('threadId', Uuid) threadId: string,
    @Arg('input', SendMessage) { text }: SendMessage,
  ): Promise<Message> {
    return this.service.send(sender, threadId, text);
  }

  @Mutation(Thread)
  async markThreadRead(
    @CurrentUser() reader: AuthUser,
    @Arg('threadId', Uuid) threadId: string,
    @Arg('input', MarkRead) { messageId }: MarkRead,
  ): Promise<Thread> {
    return (await this.service.markRead(reader, threadId, messageId)).value;
  }

  /** Only its guest and its host see a thread. */
  @Reference(Thread)
  visible(ids: readonly string[], viewer: AuthUser): Promise<Thread[]> {
    return this.reader.threads(viewer, ids);
  }

  @BatchedEdge(Connection(Message), { description: 'Newest first.', args: { first: First, after: After } })
  async messages(
    threads: readonly Thread[],
    _viewer: AuthUser | null,
    { first, after }: { first: number; after: string | undefined },
  ): Promise<ConnectionPage<Message>[]> {
    const lists = await this.reader.messagesOf(threads, { limit: first, cursor: after });
    return lists.map(toConnection);
  }

  @Edge(Listing.nullable())
  listing(@Parent() thread: Thread): Ref {
    return { id: thread.listingId };
  }

  @Edge(User.nullable())
  guest(@Parent() thread: Thread): Ref {
    return { id: thread.guestId };
  }

  @Edge(User.nullable())
  host(@Parent() thread: Thread): Ref {
    return { id: thread.hostId };
  }
}

@Resolver(Message)
export class MessageResolver {
  constructor(private readonly reader: MessageReader) {}

  @Query(Message, { description: 'A message of one of your threads.' })
  message(@CurrentUser() viewer: AuthUser, @Arg('id', Uuid) id: string): Promise<Message> {
    return this.reader.message(viewer, id);
  }

  @Edge(User.nullable())
  sender(@Parent() message: Message): Ref {
    return { id: message.senderId };
  }
}
