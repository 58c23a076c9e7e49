import type { TestResponse, TestUser } from '@roost/testing';
import { Message, Thread } from '../src/message/message.dto.js';
import { expectShape, type BookingsUnderTest, type TestListing } from './bookings.fixture.js';

export type Page<T> = { data: T[]; nextCursor: string | null };

/** Threads and messages over REST. */
export class MessagesUnderTest {
  constructor(private readonly bookings: BookingsUnderTest) {}

  enquire(user: TestUser, listing: { id: string }, text = 'Is there a cot?'): Promise<TestResponse<Thread>> {
    return this.bookings.as(user).post<Thread>(`/v1/listings/${listing.id}/threads`, { text });
  }

  async givenEnquiry(user: TestUser, listing: TestListing, text?: string): Promise<Thread> {
    const { status, body } = await this.enquire(user, listing, text);
    expect({ status, body }).toMatchObject({ status: 201 });
    return expectShape(Thread, body);
  }

  send(user: TestUser, threadId: string, text: string): Promise<TestResponse<Message>> {
    return this.bookings.as(user).post<Message>(`/v1/threads/${threadId}/messages`, { text });
  }

  async threadsOf(user: TestUser, query = ''): Promise<Page<Thread>> {
    const { status, body } = await this.bookings.as(user).get<Page<Thread>>(`/v1/me/threads${query}`);
    expect(status).toBe(200);
    body.data.forEach((thread) => expectShape(Thread, thread));
    return body;
  }

  /** Newest first. */
  async messagesOf(user: TestUser, threadId: string, query = ''): Promise<Page<Message>> {
    const path = `/v1/threads/${threadId}/messages${query}`;
    const { status, body } = await this.bookings.as(user).get<Page<Message>>(path);
    expect(status).toBe(200);
    body.data.forEach((message) => expectShape(Message, message));
    return body;
  }

  async textsOf(user: TestUser, threadId: string): Promise<string[]> {
    return textsOfPage(await this.messagesOf(user, threadId));
  }
}

export const textsOfPage = ({ data }: Page<Message>) => data.map(({ text }) => text);
