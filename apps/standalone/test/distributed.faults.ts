import { jest } from '@jest/globals';
import { aPublishedListing, eventually, TestClient } from '@roost/testing';
import { STATEFUL_SERVICES, Operator, rebuildProjections, replayOntoFullTables } from './operator.fixture.js';
import {
  freshEnvironment,
  stopAll,
  DISTRIBUTED,
  type Env,
  isRunning,
  kafkaPid,
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

let env: Env;
let roost: Run;
let anyone: TestClient;
let guest: TestClient;
let listingId: string;
let daysAhead = 10;

async function start(): Promise<void> {
  roost = run(env, DISTRIBUTED);
  await roost.prints('Ctrl-C stops everything.');
}

beforeAll(async () => {
  env = { ...(await freshEnvironment()), LOG_LEVEL: 'warn', RATE_LIMIT_PER_MINUTE: '0' };
  await start();
  anyone = new TestClient(`http://127.0.0.1:${env.PORT}`);
  const as = async (...roles: string[]): Promise<TestClient> => {
    const made = await anyone.post<{ accessToken: string }>('/dev/users', { roles, emailVerified: true });
    return anyone.with({ authorization: `Bearer ${made.body.accessToken}` });
  };
  guest = await as('guest');
  listingId = await aPublishedListing(await as('guest', 'host'));
});

afterAll(stopAll);

/** The id of the current process of a service. */
function processOf(name: string): number {
  const matches = [
    ...roost
      .output()
      .matchAll(new RegExp(`${name} (?:on port \\d+|was restarted) \\(process (\\d+)\\)`, 'g')),
  ];
  const pid = Number(matches.at(-1)?.[1]);
  expect(pid).toBeGreaterThan(0);
  return pid;
}

const SERVICES = ['identity', 'listings', 'bookings', 'payments', 'reviews', 'gateway', 'sandbox'];

async function createQuote(): Promise<string> {
  const date = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  daysAhead += 3;
  const request = {
    listingId,
    checkInDate: date(daysAhead),
    checkOutDate: date(daysAhead + 2),
    guests: { adults: 1, children: [], infants: 0, pets: 0 },
  };
  // The listing reaches bookings by event.
  return eventually(
    async () => {
      const quote = await guest.post<{ id: string }>('/v1/quotes', request);
      expect(quote).toMatchObject({ status: 201 });
      return quote.body.id;
    },
    { seconds: 60 },
  );
}

async function createBooking(): Promise<Booking> {
  const booking = await guest.post<Booking>('/v1/bookings', { quoteId: await createQuote() });
  expect(booking).toMatchObject({ status: 201, body: { state: 'pending_payment' } });
  return booking.body;
}

/** Pays a booking, and waits until it is confirmed. */
async function pay(booking: Booking): Promise<void> {
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
  await expectConfirmed(booking);
}

async function expectConfirmed(booking: Booking): Promise<void> {
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

test('runs each service in its own process', () => {
  const pids = SERVICES.map(processOf);
  expect(new Set([...pids, roost.child.pid]).size).toBe(SERVICES.length + 1);
  expect(pids.filter((pid) => !isRunning(pid))).toEqual([]);
});

test('the tour succeeds', async () => {
  const tour = run({}, TOUR, ['--url', `http://127.0.0.1:${env.PORT}`]);
  const code = await tour.ends();
  expect(tour.output()).toContain('The tour passed');
  expect(code).toBe(0);
});

describe('operators, over Kafka', () => {
  let operator: Operator;

  beforeAll(() => {
    operator = new Operator({ ...env, PUBLIC_URL: `http://127.0.0.1:${env.PORT}` });
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

  test('events tail: prints the events of one booking in order', async () => {
    const booking = await createBooking();
    await pay(booking);
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

  test('a replay of all topics onto full tables changes nothing', async () => {
    await allConsumed();
    await replayOntoFullTables(operator);
  });

  test('a rebuild of the projections from the compacted topics restores the same rows', async () => {
    await allConsumed();
    await rebuildProjections(operator);
  });

  /** Waits until all events are published and consumed. */
  async function allConsumed(): Promise<void> {
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

test('without reviews the graph returns the other fields, REST works, and pending events are consumed after its restart', async () => {
  const booking = await createBooking();
  process.kill(processOf('reviews'), 'SIGTERM');
  await roost.prints('reviews was stopped and stays stopped');

  await pay(booking);
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
  'kill -9 of %s during a booking: it restarts, and the booking is confirmed',
  async (name) => {
    const booking = await createBooking();
    const before = processOf(name);
    process.kill(before, 'SIGKILL');
    await roost.prints(`${name} crashed (SIGKILL): restarting`);
    await eventually(
      () => {
        expect(processOf(name)).not.toBe(before);
      },
      { seconds: 120 },
    );
    await pay(booking);
  },
);

test('kill -9 of Kafka during a booking: it restarts on its port, and the booking is confirmed', async () => {
  const before = kafkaPid(env);
  process.kill(before, 'SIGKILL');
  await roost.prints('It is restarted.');
  const booking = await createBooking();
  await roost.prints('Kafka runs again');
  expect(kafkaPid(env)).not.toBe(before);
  await pay(booking);
});

test('all services share the domain clock, also after a restart', async () => {
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
  // Bookings rejects a check-in date that was in the future before the clock moved.
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

test('kill -9 of the launcher leaves no process; the next start has all data, and Ctrl-C ends all processes', async () => {
  const booking = await createBooking();
  const pids = [...SERVICES.map(processOf), postgresPid(env), redisPid(env)];
  await roost.ends('SIGKILL');
  await eventually(
    () => {
      expect(pids.filter(isRunning)).toEqual([]);
    },
    { seconds: 90 },
  );
  await start();
  await pay(booking);
  const again = [...SERVICES.map(processOf), postgresPid(env), redisPid(env)];
  expect(await roost.ends('SIGINT')).toBe(0);
  expect(roost.output()).toMatch(/Stopping[^]*Stopped\./);
  expect(again.filter(isRunning)).toEqual([]);
});
