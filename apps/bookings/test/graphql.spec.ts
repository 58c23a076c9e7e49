import { testUser, captureStatements } from '@roost/testing';
import { juneStay, useBookings, type TestListing } from './bookings.fixture.js';

const bookings = useBookings();

const CREATE_BOOKING =
  'mutation ($input: CreateBookingInput!) { createBooking(input: $input) { id state version totalMinor } }';
const CALENDARS = `query ($representations: [_Any!]!, $from: Date!, $to: Date!) {
  _entities(representations: $representations) { ... on Listing { id calendar(from: $from, to: $to) { currency data { date available reason } } } }
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
) =>
  client.graphql<Calendars>(CALENDARS, {
    representations: ids.map((id) => ({ __typename: 'Listing', id })),
    ...range,
  });

async function listings(count: number): Promise<TestListing[]> {
  const all: TestListing[] = [];
  for (let made = 0; made < count; made += 1) all.push(await bookings.givenListing());
  return all;
}

describe('Mutation.createBooking', () => {
  it('creates one booking for ten concurrent requests with the same Idempotency-Key', async () => {
    const [guest, listing] = [testUser(), await bookings.givenListing()];
    const quote = await bookings.givenQuote(guest, listing);
    const client = bookings.as(guest).with({ 'idempotency-key': `graph-${quote.id}` });
    const responses = await Promise.all(
      Array.from({ length: 10 }, () =>
        client.graphql<{ createBooking: { id: string } | null }>(CREATE_BOOKING, {
          input: { quoteId: quote.id },
        }),
      ),
    );
    const created = responses.flatMap(({ data }) => data?.createBooking?.id ?? []);
    expect(new Set(created).size).toBe(1);
    for (const { errors } of responses)
      for (const { extensions } of errors) expect(extensions.code).toBe('idempotency.in_progress');
    const replayed = await client.graphql(CREATE_BOOKING, { input: { quoteId: quote.id } });
    expect(replayed.data?.createBooking).toEqual({
      id: created[0],
      state: 'pending_payment',
      version: 1,
      totalMinor: quote.totalMinor,
    });
    expect(
      await bookings.service.query('SELECT id FROM booking WHERE quote_id = $1', [quote.id]),
    ).toHaveLength(1);
  });

  it('repeats a rejection for its Idempotency-Key with the code of REST', async () => {
    const [guest, listing] = [testUser(), await bookings.givenListing()];
    const quote = await bookings.givenQuote(guest, listing);
    await bookings.givenBooking({ listing });
    const client = bookings.as(guest).with({ 'idempotency-key': 'taken' });
    for (let time = 0; time < 2; time += 1) {
      const { data, errors } = await client.graphql(CREATE_BOOKING, { input: { quoteId: quote.id } });
      expect(data).toEqual({ createBooking: null });
      expect(errors).toMatchObject([
        { path: ['createBooking'], extensions: { code: 'booking.dates_unavailable', status: 409 } },
      ]);
    }
  });

  it('rejects a guest without a verified mail address', async () => {
    const { errors } = await bookings.as(testUser({ emailVerified: false })).graphql(CREATE_BOOKING, {
      input: { quoteId: '0198c0de-0000-7000-8000-000000000000' },
    });
    expect(errors).toMatchObject([{ extensions: { code: 'auth.email_unverified', status: 403 } }]);
  });
});

describe('mutations of the host', () => {
  it('are rejected for other users', async () => {
    const booking = await bookings.givenRequest();
    const accept = 'mutation ($id: ID!) { acceptBooking(id: $id) { state } }';
    const { errors } = await bookings.as(testUser()).graphql(accept, { id: booking.id });
    expect(errors).toMatchObject([{ extensions: { code: 'booking.not_found', status: 404 } }]);
    const { data } = await bookings.as(booking.listing.host).graphql(accept, { id: booking.id });
    expect(data?.acceptBooking).toEqual({ state: 'awaiting_capture' });
  });

  it('release blocked nights and read the calendar in the same operation', async () => {
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

describe('mutations of changes', () => {
  const PROPOSE = `mutation ($id: ID!, $input: ProposeChangeInput!) {
    proposeBookingChange(bookingId: $id, input: $input) { id state proposedBy differenceMinor terms { checkOutDate } }
  }`;
  const respondMutation = (response: string) =>
    `mutation ($id: ID!, $change: ID!) { ${response}BookingChange(bookingId: $id, changeId: $change) { id state } }`;

  it('propose a change, show it at the booking and accept it', async () => {
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
    const own = await guest.graphql(respondMutation('accept'), { id: booking.id, change });
    expect(own.errors).toMatchObject([{ extensions: { code: 'auth.forbidden', status: 403 } }]);
    const accepted = await host.graphql(respondMutation('accept'), { id: booking.id, change });
    expect(accepted.data?.acceptBookingChange).toEqual({ id: change, state: 'applied' });
    expect((await host.graphql(open, { id: booking.id })).data?.booking).toEqual({
      openChange: null,
      checkOutDate: '2027-06-13',
    });
  });

  it.each([
    ['decline', 'declined'],
    ['withdraw', 'withdrawn'],
  ])('%s a change', async (response, state) => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenProposed(booking, { checkOutDate: '2027-06-15' });
    const user = response === 'decline' ? booking.listing.host : booking.guest;
    const variables = { id: booking.id, change: change.id };
    const { data } = await bookings.as(user).graphql(respondMutation(response), variables);
    expect(data?.[`${response}BookingChange`]).toEqual({ id: change.id, state });
    const again = await bookings.as(user).graphql(respondMutation(response), variables);
    expect(again.errors).toMatchObject([
      { extensions: { code: 'change.transition_not_allowed', status: 409 } },
    ]);
  });

  it('reject with the codes of REST', async () => {
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
    const stranger = await bookings.as(testUser()).graphql(PROPOSE, {
      id: booking.id,
      input: { checkOutDate: '2027-06-15' },
    });
    expect(stranger.errors).toMatchObject([{ extensions: { code: 'booking.not_found', status: 404 } }]);
  });
});

describe('Listing.calendar', () => {
  it('returns the calendar of each listing, with reasons to its host only', async () => {
    const [free, taken] = await listings(2);
    if (!free || !taken) throw new Error('Expected two listings.');
    await bookings.givenBooking({ listing: taken, ...juneStay });
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

  it('is null for unknown and invalid ids; other listings are returned', async () => {
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

  it('takes as many statements for a page of listings as for one listing', async () => {
    const page = await listings(40);
    const taken = page[2];
    if (!taken) throw new Error('Expected forty listings.');
    await bookings.givenBooking({ listing: taken, ...juneStay });
    const readCalendars = async (of: TestListing[]) => {
      const responses: Calendars['_entities'] = [];
      const statements = await captureStatements(async () => {
        const { data, errors } = await calendarsOf(of.map(({ id }) => id));
        expect(errors).toEqual([]);
        responses.push(...(data?._entities ?? []));
      });
      // The calendar publisher reads the same tables concurrently.
      const reads = statements.filter(({ text }) => /"stayRules"|"blockId"/.test(text));
      return { responses, statements: reads.length };
    };
    const one = await readCalendars([taken]);
    const all = await readCalendars(page);
    expect([one.statements, all.statements]).toEqual([2, 2]);
    expect(all.responses.map((listing) => listing?.id)).toEqual(page.map(({ id }) => id));
    expect(all.responses[2]).toEqual(one.responses[0]);
    const free = all.responses.filter((listing) =>
      listing?.calendar?.data.every(({ available }) => available),
    );
    expect(free).toHaveLength(39);
  });

  it('rejects too many nights of all listings and invalid ranges', async () => {
    const [listing] = await listings(1);
    const many = Array.from({ length: 21 }, (_, i) => `0198c0de-0000-7000-8000-0000000000${String(10 + i)}`);
    const longRange = { from: '2027-06-01', to: '2029-06-01' };
    expect((await calendarsOf(many.slice(1), longRange)).errors).toEqual([]);
    const { errors } = await calendarsOf(many, longRange);
    expect(errors[0]).toMatchObject({ extensions: { code: 'request.invalid', status: 400 } });
    const reversed = await calendarsOf([listing?.id ?? ''], { from: '2027-06-12', to: '2027-06-09' });
    expect(reversed.errors).toMatchObject([
      { extensions: { code: 'request.invalid', errors: [{ parameter: 'to' }] } },
    ]);
    const tooLong = await calendarsOf([listing?.id ?? ''], { from: '2027-06-12', to: '2030-06-09' });
    expect(tooLong.errors).toMatchObject([
      { extensions: { code: 'request.invalid', errors: [{ parameter: 'to' }] } },
    ]);
  });
});
