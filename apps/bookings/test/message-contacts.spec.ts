import { aUser, type TestUser } from '@roost/testing';
import { useBookings, type TestListing } from './bookings.fixture.js';
import { MessagesUnderTest } from './messages.fixture.js';

const bookings = useBookings({ env: { MESSAGES_PER_HOUR: '12', ENQUIRIES_PER_DAY: '3' } });
const messages = new MessagesUnderTest(bookings);
let listing: TestListing;
let guest: TestUser;
let host: TestUser;

beforeEach(async () => {
  listing = await bookings.givenListing();
  host = listing.host;
  guest = aUser();
});

describe('contact data', () => {
  const written = 'Write to john (at) gmail (dot) com or call +1 518 555 0142';
  const masked = 'Write to [mail address hidden] or call [phone number hidden]';

  it('is masked for both sides until the booking is confirmed, then shown, also in older messages', async () => {
    const enquiry = await messages.givenEnquiry(guest, listing, written);
    expect(enquiry.lastMessage).toMatchObject({ text: masked, hidden: ['mail', 'phone'] });
    const booking = await bookings.givenRequest({
      guest,
      listing: await bookings.givenListing({ host, bookingMode: 'request' }),
    });
    await messages.send(host, booking.id, written);
    for (const user of [guest, host]) {
      expect(await messages.textsOf(user, booking.id)).toEqual([masked]);
      expect(await messages.textsOf(user, enquiry.id)).toEqual([masked]);
    }
    await bookings.payments.captured(booking);
    await bookings.as(host).post(`/v1/bookings/${booking.id}/accept`);
    expect(await bookings.stateOf(booking)).toBe('confirmed');
    for (const user of [guest, host])
      expect((await messages.messagesOf(user, booking.id)).data).toMatchObject([
        { text: written, hidden: [] },
      ]);
    // The enquiry is about another listing, without a confirmed booking.
    expect(await messages.textsOf(host, enquiry.id)).toEqual([masked]);
    expect((await messages.send(host, booking.id, written)).body.text).toBe(written);
    expect((await messages.threadsOf(guest)).data[0]).toMatchObject({ id: booking.id, contactsShown: true });
  });

  it('of an enquiry is shown when a booking of the listing is confirmed', async () => {
    const enquiry = await messages.givenEnquiry(guest, listing, written);
    const other = await messages.enquire(aUser(), listing, written);
    await bookings.givenConfirmed({ guest, listing });
    expect(await messages.textsOf(host, enquiry.id)).toEqual([written]);
    expect(await messages.textsOf(host, other.body.id)).toEqual([masked]);
  });

  it('stays masked when the booking is never confirmed', async () => {
    const booking = await bookings.givenBooking({ guest, listing });
    await messages.send(guest, booking.id, written);
    await bookings.as(guest).post(`/v1/bookings/${booking.id}/cancel`, { reason: 'No' });
    expect(await messages.textsOf(host, booking.id)).toEqual([masked]);
  });

  it('in the message of a booking is masked, then shown', async () => {
    const quote = await bookings.givenQuote(guest, listing);
    const { body } = await bookings
      .as(guest)
      .post<{ id: string }>('/v1/bookings', { quoteId: quote.id, message: written });
    const read = () => bookings.as(host).get<{ message: string }>(`/v1/bookings/${body.id}`);
    expect((await read()).body.message).toBe(masked);
    await bookings.service.query('UPDATE booking SET confirmed_at = now() WHERE id = $1', [body.id]);
    expect((await read()).body.message).toBe(written);
  });
});

describe('GraphQL', () => {
  it('returns threads with their messages', async () => {
    const other = await bookings.givenListing({ host });
    for (const { id } of [listing, other]) await messages.enquire(guest, { id: id }, `About ${id}`);
    const { data, errors } = await bookings.as(host).graphql<{
      threads: { edges: { node: { messages: { edges: { node: { text: string } }[] } } }[] };
    }>(
      `{ threads(role: host, first: 5) { pageInfo { hasNextPage } edges { node {
           id unreadCount listing { id } guest { id } booking { id }
           messages(first: 2) { pageInfo { hasNextPage endCursor } edges { node { text hidden sender { id } } } } } } } }`,
    );
    expect(errors).toEqual([]);
    const found = data?.threads.edges.map(({ node }) => node.messages.edges.map((edge) => edge.node.text));
    expect(found).toEqual([[`About ${other.id}`], [`About ${listing.id}`]]);
  });

  it('starts a thread, sends, marks as read and returns the thread of a booking', async () => {
    const started = await bookings
      .as(guest)
      .graphql<{ startThread: { id: string } }>(
        'mutation ($id: ID!, $input: SendMessageInput!) { startThread(listingId: $id, input: $input) { id lastMessage { text } } }',
        { id: listing.id, input: { text: 'Hello, call 518 555 0142' } },
      );
    expect(started.data?.startThread).toMatchObject({
      lastMessage: { text: 'Hello, call [phone number hidden]' },
    });
    const threadId = started.data!.startThread.id;
    const sent = await bookings
      .as(host)
      .graphql<{ sendMessage: { id: string } }>(
        'mutation ($id: ID!, $input: SendMessageInput!) { sendMessage(threadId: $id, input: $input) { id text } }',
        { id: threadId, input: { text: 'Hello' } },
      );
    const marked = await bookings
      .as(guest)
      .graphql(
        'mutation ($id: ID!, $input: MarkReadInput!) { markThreadRead(threadId: $id, input: $input) { unreadCount } }',
        { id: threadId, input: { messageId: sent.data?.sendMessage.id } },
      );
    expect(marked.data).toEqual({ markThreadRead: { unreadCount: 0 } });
    const stranger = await bookings.as(aUser()).graphql('query ($id: ID!) { thread(id: $id) { id } }', {
      id: threadId,
    });
    expect(stranger.errors).toMatchObject([{ extensions: { code: 'thread.not_found', status: 404 } }]);
    const booking = await bookings.givenBooking({ guest, listing });
    const read = await bookings
      .as(guest)
      .graphql(
        'query ($id: ID!) { booking(id: $id) { thread { id bookingId messages { edges { cursor } } } } }',
        {
          id: booking.id,
        },
      );
    expect(read).toMatchObject({
      data: { booking: { thread: { id: booking.id, messages: { edges: [] } } } },
      errors: [],
    });
  });
});
