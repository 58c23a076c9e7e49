import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { maskContacts } from '@roost/contacts';
import { Outbox, Transactions } from '@roost/messaging';
import { Idempotency, requireMatch, type AuthUser } from '@roost/http';
import { CONFIG, Clock, Problem, SystemClock, deterministicUuid, uuidv7, type Config } from '@roost/platform';
import { addHours } from '@roost/stay';
import type { BookingsConfig } from '../config.js';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import type { MessageRow } from './message-rows.js';
import { tagOfThread, toMessageDto, toThreadDto, type Message, type Thread } from './message.dto.js';
import {
  addMessage,
  bothActive,
  enquiryOverLimit,
  findMessage,
  findThreads,
  lastMessages,
  lockSender,
  lockThread,
  markRead,
  messageOverLimit,
  type NewMessage,
} from './message.queries.js';

/** READ COMMITTED: a read after the locks has to see the changes that the locks waited for. The locks come before the first write. */
const UNDER_LOCKS = { isolation: 'read committed' } as const;

/** Messages between guests and hosts. */
@Injectable()
export class MessageService {
  constructor(
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly outbox: Outbox,
    private readonly listings: ListingSnapshotService,
    private readonly clock: Clock,
    private readonly systemClock: SystemClock,
    @Inject(CONFIG) private readonly config: Config<typeof BookingsConfig>,
  ) {}

  /** Before a booking, a guest has one thread per listing: a second enquiry is added to it. */
  async enquire(guest: AuthUser, listingId: string, text: string): Promise<Thread> {
    const { hostId } = await this.listings.awaitBookable(listingId);
    if (hostId === guest.id) throw new Problem('listing.is_own');
    const id = deterministicUuid('enquiry', guest.id, listingId);
    return await this.idempotency.runOnce(async (em) => {
      await lockSender(em, guest.id);
      await lockThread(em, id);
      const [existing] = await findThreads(em, [id], guest.id);
      if (!existing) await this.limitEnquiries(em, guest.id);
      await this.write(em, { id, listingId, bookingId: null, guestId: guest.id, hostId }, guest.id, text);
      return (await this.read(em, id, guest.id)).value;
    }, UNDER_LOCKS);
  }

  async send(sender: AuthUser, threadId: string, text: string): Promise<Message> {
    return await this.idempotency.runOnce(async (em) => {
      await lockSender(em, sender.id);
      await lockThread(em, threadId);
      const [thread] = await findThreads(em, [threadId], sender.id);
      if (!thread) throw new Problem('thread.not_found');
      const message = await this.write(em, thread, sender.id, text);
      return toMessageDto(message, thread.contactsShown);
    }, UNDER_LOCKS);
  }

  /** Marks all messages up to this one as read. A read mark never moves back. */
  async markRead(
    reader: AuthUser,
    threadId: string,
    messageId: string,
  ): Promise<{ value: Thread; etag: string }> {
    return await this.transactions.run(async (em) => {
      await lockThread(em, threadId);
      const [thread] = await findThreads(em, [threadId], reader.id);
      if (!thread) throw new Problem('thread.not_found');
      requireMatch(tagOfThread(thread, reader.id));
      const message = await findMessage(em, threadId, messageId);
      if (!message) throw new Problem('message.not_found');
      await markRead(em, threadId, reader.id === thread.guestId ? 'guest' : 'host', Number(message.seq));
      return await this.read(em, threadId, reader.id);
    }, UNDER_LOCKS);
  }

  /** Opens the thread of a booking with its message to the host, in the transaction of the booking. */
  async open(
    em: EntityManager,
    booking: { id: string; listingId: string; guestId: string; hostId: string },
    text: string,
  ): Promise<void> {
    await this.add(em, { ...booking, bookingId: booking.id }, booking.guestId, text);
  }

  private async write(
    em: EntityManager,
    thread: NewMessage['thread'],
    senderId: string,
    text: string,
  ): Promise<MessageRow> {
    const recipientId = senderId === thread.guestId ? thread.hostId : thread.guestId;
    const active = await bothActive(em, senderId, recipientId);
    if (!active.sender) throw new Problem('account.suspended');
    if (!active.recipient) throw new Problem('thread.closed');
    const limit = this.config.MESSAGES_PER_HOUR;
    const since = addHours(this.systemClock.now(), -1);
    const oldest = await messageOverLimit(em, senderId, limit, since);
    this.requireUnderLimit(oldest, 1, `At most ${limit} messages an hour`);
    return await this.add(em, thread, senderId, text);
  }

  private async add(
    em: EntityManager,
    thread: NewMessage['thread'],
    senderId: string,
    text: string,
  ): Promise<MessageRow> {
    const { text: masked, hidden } = maskContacts(text);
    const message = await addMessage(em, {
      id: uuidv7(),
      thread,
      senderId,
      text,
      maskedText: hidden.length > 0 ? masked : null,
      hidden,
      sentAt: this.clock.now(),
      writtenAt: this.systemClock.now(),
    });
    await this.outbox.add(em, 'message.sent', {
      threadId: thread.id,
      messageId: message.id,
      listingId: thread.listingId,
      bookingId: thread.bookingId,
      senderId,
      recipientId: senderId === thread.guestId ? thread.hostId : thread.guestId,
    });
    return message;
  }

  private async read(
    em: EntityManager,
    id: string,
    viewerId: string,
  ): Promise<{ value: Thread; etag: string }> {
    const [thread] = await findThreads(em, [id], viewerId);
    if (!thread) throw new Error('the thread of a new message is missing');
    const value = toThreadDto(thread, (await lastMessages(em, [thread])).get(id), viewerId);
    return { value, etag: tagOfThread(thread, viewerId) };
  }

  private async limitEnquiries(em: EntityManager, guestId: string): Promise<void> {
    const limit = this.config.ENQUIRIES_PER_DAY;
    const since = addHours(this.systemClock.now(), -24);
    const oldest = await enquiryOverLimit(em, guestId, limit, since);
    this.requireUnderLimit(oldest, 24, `At most ${limit} new enquiries a day`);
  }

  /** Throws 429 with the seconds until `oldest` is `hours` old; null: the limit is not reached. */
  private requireUnderLimit(oldest: Date | null, hours: number, detail: string): void {
    if (!oldest) return;
    const seconds = Math.ceil((addHours(oldest, hours).getTime() - this.systemClock.now().getTime()) / 1000);
    throw new Problem('rate.too_many_messages', detail, {}, { 'retry-after': String(Math.max(1, seconds)) });
  }
}
