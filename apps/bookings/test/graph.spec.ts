import { aUser, statementsDuring } from '@roost/testing';
import { type BookingsUnderTest, june, startBookings, type TestListing } from './bookings.fixture.js';

let bookings: BookingsUnderTest;
beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings.close());

const CREATE =
  'mutation ($input: CreateBookingInput!) { createBooking(input: $input) { id state version totalMinor } }';
const CALENDARS = `query ($of: [_Any!]!, $from: Date!, $to: Date!) {
  _entities(representations: $of) { ... on Listing { id calendar(from: $from, to: $to) { currency data { date available reason } } } }
}`;

interface Calendars {
  _entities: ({
    id: string;
    calendar: { data: { date: string; available: boolean; reason: string | null }[] } | null;
  } | null)[];
}

const calendarsOf = (
  ids: string[],
  range = { from: '2027-06-09', to: '2027-06-12' },
  client = bookings.service.anonymous,
) => client.graphql<Calendars>(CALENDARS, { of: ids.map((id) => ({ __typename: 'Listing', id })), ...range });

async function listings(count: number): Promise<TestListing[]> {
  const all: TestListing[] = [];
  for (let made = 0; made < count; made += 1) all.push(await bookings.givenListing());
  return all;
}

describe('Mutation.createBooking', () => {
  it('holds the nights as the route does, once for many tries with one key at once', async () => {
    const [guest, listing] = [aUser(), await bookings.givenListing()];
    const quote = await bookings.givenQuote(guest, listing);
    const client = bookings.as(guest).with({ 'idempotency-key': `graph-${quote.id}` });
    const tries = await Promise.all(
      Array.from({ length: 10 }, () =>
        client.graphql<{ createBooking: { id: string } | null }>(CREATE, { input: { quoteId: quote.id } }),
      ),
    );
    const made = tries.flatMap(({ data }) => data?.createBooking?.id ?? []);
    expect(new Set(made).size).toBe(1);
    for (const { errors } of tries)
      for (const { extensions } of errors) expect(extensions.code).toBe('idempotency.in_progress');
    const replayed = await client.graphql(CREATE, { input: { quoteId: quote.id } });
    expect(replayed.data?.createBooking).toEqual({
      id: made[0],
      state: 'pending_payment',
      version: 1,
      totalMinor: quote.totalMinor,
    });
    expect(
      await bookings.service.query('SELECT id FROM booking WHERE quote_id = $1', [quote.id]),
    ).toHaveLength(1);
  });

  it('keeps a refusal for its key, with what REST says', async () => {
    const [guest, listing] = [aUser(), await bookings.givenListing()];
    const mine = await bookings.givenQuote(guest, listing);
    await bookings.givenBooking({ listing });
    const client = bookings.as(guest).with({ 'idempotency-key': 'taken' });
    for (let time = 0; time < 2; time += 1) {
      const { data, errors } = await client.graphql(CREATE, { input: { quoteId: mine.id } });
      expect(data).toEqual({ createBooking: null });
      expect(errors).toMatchObject([
        { path: ['createBooking'], extensions: { code: 'booking.dates_unavailable', status: 409 } },
      ]);
    }
  });

  it('needs a verified mail address', async () => {
    const { errors } = await bookings.as(aUser({ emailVerified: false })).graphql(CREATE, {
      input: { quoteId: '0198c0de-0000-7000-8000-000000000000' },
    });
    expect(errors).toMatchObject([{ extensions: { code: 'auth.email_unverified', status: 403 } }]);
  });
});

describe('mutations of a host', () => {
  it('are the host’s alone', async () => {
    const booking = await bookings.givenRequest();
    const accept = 'mutation ($id: ID!) { acceptBooking(id: $id) { state } }';
    const { errors } = await bookings.as(aUser()).graphql(accept, { id: booking.id });
    expect(errors).toMatchObject([{ extensions: { code: 'booking.not_found', status: 404 } }]);
    const { data } = await bookings.as(booking.listing.host).graphql(accept, { id: booking.id });
    expect(data?.acceptBooking).toEqual({ state: 'awaiting_capture' });
  });

  it('free what they blocked, and read it in the same operation', async () => {
    const listing = await bookings.givenListing();
    const host = bookings.as(listing.host);
    const range = { from: '2027-07-01', to: '2027-07-03' };
    const blocked = await host.graphql<{ blockNights: { id: string } }>(
      'mutation ($id: ID!, $input: CreateBlockInput!) { blockNights(listingId: $id, input: $input) { id } }',
      { id: listing.id, input: range },
    );
    const freed = await host.graphql(
      `mutation ($id: ID!, $block: ID!) { unblockNights(listingId: $id, blockId: $block) {
        calendar(from: "2027-07-01", to: "2027-07-03") { data { available } }
      } }`,
      { id: listing.id, block: blocked.data?.blockNights.id },
    );
    expect(freed.errors).toEqual([]);
    expect(freed.data?.unblockNights).toEqual({
      calendar: { data: [{ available: true }, { available: true }] },
    });
  });
});

describe('changes', () => {
  const PROPOSE = `mutation ($id: ID!, $input: ProposeChangeInput!) {
    proposeBookingChange(bookingId: $id, input: $input) { id state proposedBy differenceMinor terms { checkOutDate } }
  }`;
  const answer = (what: string) =>
    `mutation ($id: ID!, $change: ID!) { ${what}BookingChange(bookingId: $id, changeId: $change) { id state } }`;

  it('are proposed, seen at the booking, and accepted as by the routes', async () => {
    const booking = await bookings.givenConfirmed();
    const [guest, host] = [bookings.as(booking.guest), bookings.as(booking.listing.host)];
    const input = { checkInDate: null, checkOutDate: '2027-06-13', guests: null };
    const proposed = await guest.graphql<{ proposeBookingChange: { id: string } }>(PROPOSE, {
      id: booking.id,
      input,
    });
    expect(proposed.errors).toEqual([]);
    expect(proposed.data?.proposeBookingChange).toMatchObject({
      state: 'proposed',
      proposedBy: 'guest',
      differenceMinor: -11_400,
      terms: { checkOutDate: '2027-06-13' },
    });
    const change = proposed.data?.proposeBookingChange.id;
    const open = 'query ($id: ID!) { booking(id: $id) { openChange { id } checkOutDate } }';
    expect((await host.graphql(open, { id: booking.id })).data?.booking).toEqual({
      openChange: { id: change },
      checkOutDate: '2027-06-14',
    });
    const own = await guest.graphql(answer('accept'), { id: booking.id, change });
    expect(own.errors).toMatchObject([{ extensions: { code: 'auth.forbidden', status: 403 } }]);
    const accepted = await host.graphql(answer('accept'), { id: booking.id, change });
    expect(accepted.data?.acceptBookingChange).toEqual({ id: change, state: 'applied' });
    expect((await host.graphql(open, { id: booking.id })).data?.booking).toEqual({
      openChange: null,
      checkOutDate: '2027-06-13',
    });
  });

  it.each([
    ['decline', 'declined'],
    ['withdraw', 'withdrawn'],
  ])('%s', async (what, state) => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenChange(booking, { checkOutDate: '2027-06-15' });
    const user = what === 'decline' ? booking.listing.host : booking.guest;
    const variables = { id: booking.id, change: change.id };
    const { data } = await bookings.as(user).graphql(answer(what), variables);
    expect(data?.[`${what}BookingChange`]).toEqual({ id: change.id, state });
    const again = await bookings.as(user).graphql(answer(what), variables);
    expect(again.errors).toMatchObject([
      { extensions: { code: 'change.transition_not_allowed', status: 409 } },
    ]);
  });

  it('refuse with the codes of the routes', async () => {
    const booking = await bookings.givenConfirmed();
    const guest = bookings.as(booking.guest);
    for (const [input, code] of [
      [{}, 'request.invalid'],
      [{ checkOutDate: '2027-06-14' }, 'change.nothing_changed'],
      [{ checkOutDate: '2029-06-14' }, 'quote.stay_rule'],
    ] as const) {
      const { errors } = await guest.graphql(PROPOSE, { id: booking.id, input });
      expect(errors).toMatchObject([{ extensions: { code } }]);
    }
    const stranger = await bookings.as(aUser()).graphql(PROPOSE, {
      id: booking.id,
      input: { checkOutDate: '2027-06-15' },
    });
    expect(stranger.errors).toMatchObject([{ extensions: { code: 'booking.not_found', status: 404 } }]);
  });
});

describe('Listing.calendar', () => {
  it('is that of each listing; only its host learns why', async () => {
    const [free, taken] = await listings(2);
    if (!free || !taken) throw new Error('two listings');
    await bookings.givenBooking({ listing: taken, ...june });
    const { data } = await calendarsOf([free.id, taken.id]);
    const nights = data?._entities.map((listing) =>
      listing?.calendar?.data.map(({ available }) => available),
    );
    expect(nights).toEqual([
      [true, true, true],
      [true, false, false],
    ]);
    expect(JSON.stringify(data)).not.toContain('hold');
    const own = await calendarsOf([taken.id], undefined, bookings.as(taken.host));
    expect(own.data?._entities[0]?.calendar?.data[1]).toMatchObject({ available: false, reason: 'hold' });
  });

  it('is null where there is none to see, and harms no other', async () => {
    const [listing] = await listings(1);
    const { data, errors } = await calendarsOf([
      '0198c0de-0000-7000-8000-000000000000',
      listing?.id ?? '',
      'no id',
    ]);
    expect(errors).toEqual([]);
    expect(data?._entities.map((listing) => listing && listing.calendar !== null)).toEqual([
      false,
      true,
      null,
    ]);
  });

  it('is read for a page of listings with as many statements as for one of them', async () => {
    const page = await listings(40);
    const taken = page[2];
    if (!taken) throw new Error('forty listings');
    await bookings.givenBooking({ listing: taken, ...june });
    const reads = async (of: TestListing[]) => {
      const answers: Calendars['_entities'] = [];
      const said = await statementsDuring(async () => {
        const { data, errors } = await calendarsOf(of.map(({ id }) => id));
        expect(errors).toEqual([]);
        answers.push(...(data?._entities ?? []));
      });
      // Beside it the news of calendars go out, which reads of the same tables.
      const about = said.filter(({ text }) => /"stayRules"|"blockId"/.test(text));
      return { answers, statements: about.length };
    };
    const one = await reads([taken]);
    const all = await reads(page);
    expect([one.statements, all.statements]).toEqual([2, 2]);
    expect(all.answers.map((listing) => listing?.id)).toEqual(page.map(({ id }) => id));
    expect(all.answers[2]).toEqual(one.answers[0]);
    const free = all.answers.filter((listing) => listing?.calendar?.data.every(({ available }) => available));
    expect(free).toHaveLength(39);
  });

  it('is refused beyond so many nights of all listings, and for dates that are none', async () => {
    const [listing] = await listings(1);
    const many = Array.from({ length: 21 }, (_, i) => `0198c0de-0000-7000-8000-0000000000${String(10 + i)}`);
    const long = { from: '2027-06-01', to: '2029-06-01' };
    expect((await calendarsOf(many.slice(1), long)).errors).toEqual([]);
    const { errors } = await calendarsOf(many, long);
    expect(errors[0]).toMatchObject({ extensions: { code: 'request.invalid', status: 400 } });
    const backwards = await calendarsOf([listing?.id ?? ''], { from: '2027-06-12', to: '2027-06-09' });
    expect(backwards.errors).toMatchObject([
      { extensions: { code: 'request.invalid', errors: [{ parameter: 'to' }] } },
    ]);
    const longer = await calendarsOf([listing?.id ?? ''], { from: '2027-06-12', to: '2030-06-09' });
    expect(longer.errors).toMatchObject([
      { extensions: { code: 'request.invalid', errors: [{ parameter: 'to' }] } },
    ]);
  });
});
