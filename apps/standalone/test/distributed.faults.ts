import { jest } from '@jest/globals';
import { eventually, TestClient } from '@roost/testing';
import { STATEFUL_SERVICES, Operator, rebuildProjections, replayOntoFullTables } from './operator.fixture.js';
import { aPublishedListing } from './published-listing.js';
import {
  freshEnvironment,
  stopAll,
  DISTRIBUTED,
  type Env,
  isRunning,
  postgresPid,
  redisPid,
  type Run,
  run,
  TOUR,
} from './launcher.js';

jest.setTimeout(600_000);

interface Booking {
  id: string;
  state: string;
}

const ALL = `query ($listing: ID!, $booking: ID!) {
  listing(id: $listing) { title host { displayName } reviews { edges { node { id } } } }
  booking(id: $booking) { state payment { status } }
}`;

let place: Env;
let roost: Run;
let anyone: TestClient;
let guest: TestClient;
let listingId: string;
let daysAhead = 10;

async function start(): Promise<void> {
  roost = run(place, DISTRIBUTED);
  await roost.prints('Ctrl-C stops everything.');
}

beforeAll(async () => {
  place = { ...(await freshEnvironment()), LOG_LEVEL: 'warn', RATE_LIMIT_PER_MINUTE: '0' };
  await start();
  anyone = new TestClient(`http://127.0.0.1:${place.PORT}`);
  const as = async (...roles: string[]): Promise<TestClient> => {
    const made = await anyone.post<{ accessToken: string }>('/dev/users', { roles, emailVerified: true });
    return anyone.with({ authorization: `Bearer ${made.body.accessToken}` });
  };
  guest = await as('guest');
  listingId = await aPublishedListing(await as('guest', 'host'));
});

afterAll(stopAll);

/** The process that a service has now. */
function processOf(name: string): number {
  const said = [
    ...roost.output().matchAll(new RegExp(`${name} (?:on port \\d+|is back) \\(process (\\d+)\\)`, 'g')),
  ];
  const pid = Number(said.at(-1)?.[1]);
  expect(pid).toBeGreaterThan(0);
  return pid;
}

const SERVICES = ['identity', 'listings', 'bookings', 'payments', 'reviews', 'gateway', 'sandbox'];

async function aQuote(): Promise<string> {
  const date = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  daysAhead += 3;
  const wanted = {
    listingId,
    checkInDate: date(daysAhead),
    checkOutDate: date(daysAhead + 2),
    guests: { adults: 1, children: [], infants: 0, pets: 0 },
  };
  // The listing reaches bookings by event.
  return eventually(
    async () => {
      const quote = await guest.post<{ id: string }>('/v1/quotes', wanted);
      expect(quote).toMatchObject({ status: 201 });
      return quote.body.id;
    },
    { seconds: 60 },
  );
}

async function aBooking(): Promise<Booking> {
  const booking = await guest.post<Booking>('/v1/bookings', { quoteId: await aQuote() });
  expect(booking).toMatchObject({ status: 201, body: { state: 'pending_payment' } });
  return booking.body;
}

/** Through bookings → payments → bookings. */
async function paid(booking: Booking): Promise<void> {
  const payment = await eventually(
    async () => {
      const due = await guest.get<{ id: string }>(`/v1/bookings/${booking.id}/payment`);
      expect(due).toMatchObject({ status: 200 });
      return due.body.id;
    },
    { seconds: 60 },
  );
  const done = await guest.post(`/v1/payments/${payment}/confirm`, { paymentMethod: 'pm_card_visa' });
  expect(done).toMatchObject({ status: 200 });
  await confirmed(booking);
}

async function confirmed(booking: Booking): Promise<void> {
  await eventually(
    async () => {
      expect(await guest.get(`/v1/bookings/${booking.id}`)).toMatchObject({ body: { state: 'confirmed' } });
    },
    { seconds: 60 },
  );
}

function graph(variables: object) {
  return guest.post<{ data: Record<string, unknown>; errors?: object[] }>('/graphql', {
    query: ALL,
    variables,
  });
}

test('each service is a process of its own', () => {
  const pids = SERVICES.map(processOf);
  expect(new Set([...pids, roost.child.pid]).size).toBe(SERVICES.length + 1);
  expect(pids.filter((pid) => !isRunning(pid))).toEqual([]);
});

test('the tour is green', async () => {
  const tour = run({}, TOUR, ['--url', `http://127.0.0.1:${place.PORT}`]);
  const code = await tour.ends();
  expect(tour.output()).toContain('The tour is green');
  expect(code).toBe(0);
});

describe('operators, over Kafka', () => {
  let operator: Operator;

  beforeAll(() => {
    operator = new Operator({ ...place, PUBLIC_URL: `http://127.0.0.1:${place.PORT}` });
  });

  test('events lag: each service has committed all of its topics', async () => {
    await eventually(
      async () => {
        const lags = await operator.json<{ listener: string; from: string; behind: number }[]>(
          ...['events', 'lag'],
        );
        expect([...new Set(lags.map(({ listener }) => listener))].sort()).toEqual(
          STATEFUL_SERVICES.toSorted(),
        );
        expect(lags.map(({ from }) => from)).toContain('bookings.booking');
        expect(lags.filter(({ behind }) => behind > 0)).toEqual([]);
      },
      { seconds: 60 },
    );
  });

  test('events tail: the life of one booking, in order', async () => {
    const booking = await aBooking();
    await paid(booking);
    await eventually(
      async () => {
        const { out } = await operator.roost(
          ...['events', 'tail', '--no-follow', '--topic', 'bookings.booking', '--key', booking.id],
        );
        const types = out
          .trim()
          .split('\n')
          .map((line) => line.split(/\s+/)[1]);
        expect(types).toEqual(['booking.created', 'booking.confirmed']);
      },
      { seconds: 60 },
    );
  });

  test('all topics replayed from the start onto full tables change nothing', async () => {
    await settled();
    await replayOntoFullTables(operator);
  });

  test('projections emptied and built anew of the compacted topics are what they were', async () => {
    await settled();
    await rebuildProjections(operator);
  });

  /** Nothing is on its way any more. */
  async function settled(): Promise<void> {
    await eventually(
      async () => {
        const statuses = await operator.json<{ sinks: { behind: number }[] }[]>('outbox', 'status');
        const lags = await operator.json<{ behind: number }[]>('events', 'lag');
        const behind = [...statuses.flatMap(({ sinks }) => sinks), ...lags].filter((one) => one.behind > 0);
        expect(behind).toEqual([]);
      },
      { seconds: 60 },
    );
  }
});

test('without reviews the graph answers the rest, REST goes on, and what happened meanwhile arrives later', async () => {
  const booking = await aBooking();
  process.kill(processOf('reviews'), 'SIGTERM');
  await roost.prints('reviews was stopped and stays stopped');

  await paid(booking);
  const ids = { listing: listingId, booking: booking.id };
  const answer = await graph(ids);
  expect(answer).toMatchObject({
    status: 200,
    body: {
      data: {
        listing: { title: expect.any(String), host: { displayName: expect.any(String) }, reviews: null },
        booking: { state: 'confirmed', payment: { status: 'captured' } },
      },
      errors: [{ path: ['listing'], extensions: { code: 'service.unavailable', status: 503 } }],
    },
  });
  expect(await anyone.get(`/v1/listings/${listingId}`)).toMatchObject({ status: 200 });
  expect(await anyone.get(`/v1/listings/${listingId}/reviews`)).toMatchObject({
    status: 503,
    body: { code: 'service.unavailable' },
  });

  process.kill(roost.child.pid ?? 0, 'SIGUSR2');
  await roost.prints('reviews was restarted');
  await eventually(
    async () => {
      const { body } = await graph(ids);
      expect(body.errors).toBeUndefined();
      expect(body.data.listing).toMatchObject({ reviews: { edges: [] } });
    },
    { seconds: 60 },
  );
});

test.each(['identity', 'listings', 'bookings', 'payments', 'reviews', 'gateway'])(
  'kill -9 of %s in the middle of a booking: it comes back, and the booking ends as it should',
  async (name) => {
    const booking = await aBooking();
    const before = processOf(name);
    process.kill(before, 'SIGKILL');
    await roost.prints(`${name} crashed (SIGKILL): restarting`);
    await eventually(
      () => {
        expect(processOf(name)).not.toBe(before);
      },
      { seconds: 120 },
    );
    await paid(booking);
  },
);

test('the domain clock is one for all, and is kept when a service is started again', async () => {
  const moved = await anyone.post<{ now: string }>('/dev/clock', { advance: 'P400D' });
  expect(moved).toMatchObject({ status: 200 });
  const before = processOf('bookings');
  process.kill(before, 'SIGKILL');
  await eventually(
    () => {
      expect(processOf('bookings')).not.toBe(before);
    },
    { seconds: 120 },
  );
  // Bookings refuses a check-in that was to come before the clock moved.
  const past = new Date(Date.now() + 100 * 86_400_000).toISOString().slice(0, 10);
  const next = new Date(Date.now() + 102 * 86_400_000).toISOString().slice(0, 10);
  const quote = await guest.post('/v1/quotes', {
    listingId,
    checkInDate: past,
    checkOutDate: next,
    guests: { adults: 1, children: [], infants: 0, pets: 0 },
  });
  expect(quote).toMatchObject({ status: 400, body: { errors: [{ pointer: '/checkInDate' }] } });
  expect(await anyone.post('/dev/clock', { reset: true })).toMatchObject({ status: 200 });
});

test('kill -9 of the launcher leaves nothing behind; the next start has it all, and Ctrl-C ends all', async () => {
  const booking = await aBooking();
  const pids = [...SERVICES.map(processOf), postgresPid(place), redisPid(place)];
  await roost.ends('SIGKILL');
  await eventually(
    () => {
      expect(pids.filter(isRunning)).toEqual([]);
    },
    { seconds: 90 },
  );
  await start();
  await paid(booking);
  const again = [...SERVICES.map(processOf), postgresPid(place), redisPid(place)];
  expect(await roost.ends('SIGINT')).toBe(0);
  expect(roost.output()).toMatch(/Stopping[^]*Stopped\./);
  expect(again.filter(isRunning)).toEqual([]);
});
