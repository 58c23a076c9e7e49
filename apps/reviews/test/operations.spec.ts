import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { getQueueToken } from '@nestjs/bull';
import { envelopeOf } from '@roost/messaging';
import { JobOperations, JobWaker, LOGGER } from '@roost/platform';
import { eventually, expectProblem, OPERATIONS_ROUTES, type TestClient, testUser } from '@roost/testing';
import type { Queue } from 'bull';
import type { Logger } from 'pino';
import { type BookingBody, type ReviewsFixture, startReviews } from './reviews.fixture.js';

interface DeadLetter {
  id: string;
  key: string;
  state: string;
  code: string | null;
  tries: number;
}

interface JobList {
  queue: Record<string, unknown>;
  data: { id: string; name: string; error: string; attempts: number; ids: Record<string, string> }[];
  nextCursor: string | null;
}

interface Entry {
  adminId: string;
  action: string;
  subjectId: string;
  reason: string | null;
  details: Record<string, unknown>;
}

const REASON = { reason: 'The table has been repaired' };

let reviews: ReviewsFixture;
let admin: TestClient;

beforeAll(async () => {
  reviews = await startReviews();
  admin = reviews.as(reviews.admin);
});
afterAll(() => reviews.close());

const route = (path: string, query: Record<string, string> = {}) =>
  `/v1/admin/${path}?${new URLSearchParams({ service: 'reviews', ...query })}`;

const auditOf = async (subjectId: string) =>
  (
    await admin.get<{ data: Entry[] }>(
      `/v1/admin/reviews/audit-log?subjectId=${encodeURIComponent(subjectId)}`,
    )
  ).body.data.toReversed();

/** Publishes bookings as the service bookings does. Returns the ids of the events. */
function publish(...bookings: BookingBody[]): string[] {
  return bookings.map((booking) => {
    const event = envelopeOf('booking.created', booking, { source: 'bookings' });
    for (const sink of reviews.service.bus.sinks()) sink.send(event, () => undefined);
    return event.id;
  });
}

/** Two events of one booking: the first one fails until `repair` is called. */
async function parkTwo() {
  const booking = reviews.bookingBody();
  await reviews.service.query(
    `ALTER TABLE reviewable_stay ADD CONSTRAINT planted CHECK (booking_id <> '${booking.bookingId}')`,
  );
  const [failed = '', waiting = ''] = publish(booking, booking);
  await eventually(
    async () =>
      expect((await deadLetters({ key: booking.bookingId })).map(({ state }) => state)).toEqual([
        'failed',
        'waiting',
      ]),
    { seconds: 60 },
  );
  const repair = () => reviews.service.query('ALTER TABLE reviewable_stay DROP CONSTRAINT planted');
  return { booking, failed, waiting, repair };
}

const deadLetters = async (query: Record<string, string>) =>
  (await admin.get<{ data: DeadLetter[] }>(route('dead-letters', query))).body.data;

const isStored = async ({ bookingId }: BookingBody) =>
  (await reviews.service.query('SELECT FROM reviewable_stay WHERE booking_id = $1', [bookingId])).length ===
  1;

describe('dead letters', () => {
  test('an event that failed is read, and handled after its cause is repaired', async () => {
    const { booking, failed, waiting, repair } = await parkTwo();
    const key = booking.bookingId;
    expect(await deadLetters({ key })).toMatchObject([
      { id: failed, key, code: '23514', tries: 5, topic: 'bookings.booking', type: 'booking.created' },
      { id: waiting, key, code: null, tries: 0 },
    ]);
    expect((await admin.get(route(`dead-letters/${failed}`))).body).toMatchObject({
      ...{ id: failed, service: 'reviews', source: '/bookings', body: { bookingId: key } },
      detail: expect.any(String),
    });

    await repair();
    expect(await admin.post(route(`dead-letters/${waiting}/redrive`), REASON)).toMatchObject({
      status: 202,
      body: { marked: 2 },
    });
    await eventually(async () => expect(await deadLetters({ key })).toEqual([]), { seconds: 60 });
    expect(await isStored(booking)).toBe(true);
    expect([...(await auditOf(failed)), ...(await auditOf(waiting))]).toMatchObject([
      { adminId: reviews.admin.id, action: 'dead_letter.read', reason: null },
      { adminId: reviews.admin.id, action: 'dead_letter.redrive', ...REASON, details: { marked: 2 } },
    ]);
  });

  test('a discarded event is not handled, and the event behind it is', async () => {
    const { booking, failed, repair } = await parkTwo();
    await repair();
    const discard = () =>
      admin.post(route(`dead-letters/${failed}/discard`), REASON, { 'idempotency-key': failed });
    expect((await discard()).status).toBe(204);
    await eventually(async () => expect(await deadLetters({ key: booking.bookingId })).toEqual([]), {
      seconds: 60,
    });
    expect(await isStored(booking)).toBe(true);
    expect(
      await reviews.service.query('SELECT discarded FROM inbox_event WHERE event_id = $1', [failed]),
    ).toEqual([{ discarded: true }]);

    expect((await discard()).status).toBe(204);
    expect(await auditOf(failed)).toMatchObject([{ action: 'dead_letter.discard', ...REASON }]);
    expectProblem(
      await admin.post(route(`dead-letters/${failed}/discard`), REASON),
      404,
      'dead_letter.not_found',
    );
    expect(await auditOf(failed)).toHaveLength(1);
  });

  test('are redriven by filter, in pages of their order', async () => {
    const topic = 'bookings.message';
    const ids = Array.from({ length: 3 }, () => randomUUID());
    for (const [number, id] of ids.entries())
      await reviews.service.query(
        `INSERT INTO dead_letter (event_id, topic, key, type, source, occurred_at, schema_version, data, code, tries, parked_at)
         VALUES ($1::uuid, $2, ($1::uuid)::text, 'message.sent', '/bookings', now(), 1, 'no JSON', $3, 1, $4)`,
        [id, topic, number === 0 ? 'MalformedEvent' : 'Other', `2027-05-0${number + 1}T00:00:00Z`],
      );
    expect((await deadLetters({ topic, code: 'Other' })).map(({ id }) => id)).toEqual(ids.slice(1));
    const between = { from: '2027-05-02T00:00:00Z', to: '2027-05-03T00:00:00Z' };
    expect((await deadLetters({ type: 'message.sent', ...between })).map(({ id }) => id)).toEqual([ids[1]]);
    const first = await admin.get<{ data: DeadLetter[]; nextCursor: string }>(
      route('dead-letters', { topic, limit: '2' }),
    );
    expect(first.body.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const cursor = first.body.nextCursor;
    expect((await deadLetters({ topic, limit: '2', cursor })).map(({ id }) => id)).toEqual(ids.slice(2));
    expect((await admin.get(route(`dead-letters/${ids[0]}`))).body).toMatchObject({ body: 'no JSON' });

    expect(
      await admin.post(route('dead-letters/redrive'), { ...REASON, topic, code: 'Other' }),
    ).toMatchObject({ status: 202, body: { marked: 2 } });
    expect((await auditOf('reviews')).at(-1)).toMatchObject({
      action: 'dead_letter.redrive',
      ...REASON,
      details: { filter: { topic, code: 'Other' }, marked: 2 },
    });
  });
});

test('a selection of everything must be explicit', async () => {
  for (const path of ['dead-letters/redrive', 'outbox/refused/resend']) {
    expectProblem(await admin.post(route(path), REASON), 400, 'request.invalid', '/all');
    expect((await admin.post(route(path), { ...REASON, all: true })).status).toBeLessThan(300);
  }
});

describe('the outbox', () => {
  const refuse = async () => {
    const id = randomUUID();
    await reviews.service.query(
      `INSERT INTO outbox_event (id, type, topic, key, compacted, schema_version, body, refusal, refused_at)
       VALUES ($1::uuid, 'rating.changed', 'reviews.rating', ($1::uuid)::text, false, 1, '{}', 'MESSAGE_TOO_LARGE', now())`,
      [id],
    );
    return id;
  };
  const refusedIds = async () =>
    (await admin.get<{ data: { id: string }[] }>(route('outbox/refused'))).body.data.map(({ id }) => id);

  test('shows how many events are to be published, and to whom', async () => {
    await eventually(async () =>
      expect((await admin.get(route('outbox'))).body).toMatchObject({
        ...{ service: 'reviews', relayActive: true, refused: 0, sinks: expect.any(Array) },
      }),
    );
  });

  test('refused events are listed, resent and discarded', async () => {
    const [first, second, third] = [await refuse(), await refuse(), await refuse()];
    expect((await admin.get(route('outbox'))).body).toMatchObject({ refused: 3 });
    const page = await admin.get<{ data: object[]; nextCursor: string }>(
      route('outbox/refused', { limit: '1' }),
    );
    expect(page.body.data).toEqual([
      {
        ...{ id: first, service: 'reviews', type: 'rating.changed', topic: 'reviews.rating', key: first },
        ...{ code: 'MESSAGE_TOO_LARGE', bytes: 2, refusedAt: expect.any(String) },
      },
    ]);
    const rest = await admin.get<{ data: object[] }>(
      route('outbox/refused', { cursor: page.body.nextCursor }),
    );
    expect(rest.body.data).toMatchObject([{ id: second }, { id: third }]);

    const positionOf = async (id: string) =>
      (await reviews.service.query<{ xid: string }>('SELECT xid FROM outbox_event WHERE id = $1', [id]))[0]
        ?.xid;
    const before = BigInt((await positionOf(third)) ?? 0);
    expect((await admin.post(route(`outbox/refused/${first}/resend`), REASON)).status).toBe(204);
    expect(BigInt((await positionOf(first)) ?? 0)).toBeGreaterThan(before);
    expect((await admin.post(route(`outbox/refused/${second}/discard`), REASON)).status).toBe(204);
    expect(await refusedIds()).toEqual([third]);
    for (const action of ['resend', 'discard'])
      expectProblem(
        await admin.post(route(`outbox/refused/${first}/${action}`), REASON),
        404,
        'outbox.event_not_refused',
      );
    expect(
      (await admin.post(route('outbox/refused/resend'), { ...REASON, type: 'rating.changed' })).body,
    ).toEqual({ resent: 1 });
    expect(await refusedIds()).toEqual([]);
    expect([...(await auditOf(first)), ...(await auditOf(second))]).toMatchObject([
      { action: 'outbox.resend', ...REASON },
      { action: 'outbox.discard', ...REASON },
    ]);
    expect((await auditOf('reviews')).at(-1)).toMatchObject({
      action: 'outbox.resend',
      details: { filter: { type: 'rating.changed' }, resent: 1 },
    });
  });
});

describe('jobs', () => {
  let queue: Queue;
  let waker: JobWaker;
  let isBroken = true;
  const handled: string[] = [];
  const jobs = async (query: Record<string, string> = {}) =>
    (await admin.get<JobList>(route('jobs', query))).body;
  /** Wakes a job that fails; returns its id. */
  const fail = async (reviewId: string): Promise<string> => {
    waker.wake('test.publish', { reviewId, author: 'Ada' });
    return eventually(async () => {
      const job = (await jobs()).data.find(({ ids }) => ids.reviewId === reviewId);
      expect(job).toBeDefined();
      return job?.id ?? '';
    });
  };

  beforeAll(() => {
    queue = reviews.service.get<Queue>(getQueueToken('reviews'));
    waker = new JobWaker({ queue, concurrency: 1, logger: reviews.service.get<Logger>(LOGGER) });
    void queue.process('test.publish', 1, async ({ data }: { data: { reviewId: string } }) => {
      if (isBroken) throw new Error('no answer for ada@example.com\nDETAIL: Ada');
      handled.push(data.reviewId);
    });
  });
  afterAll(() => waker.close());
  beforeEach(() => {
    isBroken = true;
  });

  test('a failed job is listed without personal data, and retried', async () => {
    const reviewId = randomUUID();
    const id = await fail(reviewId);
    const { queue: counts, data } = await jobs();
    expect(counts).toMatchObject({ name: 'reviews', failed: 1, delayed: expect.any(Number) });
    expect(data).toEqual([
      {
        ...{ id, name: 'test.publish', error: 'no answer for …@…', attempts: 1, ids: { reviewId } },
        ...{ addedAt: expect.any(String), failedAt: expect.any(String) },
      },
    ]);

    isBroken = false;
    expect((await admin.post(route(`jobs/${id}/retry`), REASON)).status).toBe(202);
    await eventually(() => expect(handled).toEqual([reviewId]));
    expect((await jobs()).data).toEqual([]);
    expect(await auditOf(id)).toMatchObject([{ adminId: reviews.admin.id, action: 'job.retry', ...REASON }]);
  });

  test('failed jobs are listed in pages, newest first, and discarded', async () => {
    const ids = [await fail(randomUUID()), await fail(randomUUID()), await fail(randomUUID())];
    const first = await jobs({ limit: '2' });
    const rest = await jobs({ cursor: first.nextCursor ?? '' });
    expect([...first.data, ...rest.data].map(({ id }) => id)).toEqual(ids.toReversed());
    expect([first.data.length, rest.nextCursor]).toEqual([2, null]);

    for (const id of ids) expect((await admin.post(route(`jobs/${id}/discard`), REASON)).status).toBe(204);
    expect((await jobs()).queue).toMatchObject({ failed: 0 });
    for (const action of ['retry', 'discard'])
      expectProblem(await admin.post(route(`jobs/${ids[0]}/${action}`), REASON), 404, 'job.not_found');
    expect(await auditOf(ids[0] ?? '')).toMatchObject([{ action: 'job.discard', ...REASON }]);
  });

  test('a failed job that vanished does not end the list early', async () => {
    const ids = [await fail(randomUUID()), await fail(randomUUID())];
    await queue.client.zadd(queue.toKey('failed'), Date.now() + 60_000, 'vanished');
    const first = await jobs({ limit: '1' });
    const second = await jobs({ limit: '1', cursor: first.nextCursor ?? '' });
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids.toReversed());
    await queue.client.zrem(queue.toKey('failed'), 'vanished');
    for (const id of ids) await admin.post(route(`jobs/${id}/discard`), REASON);
  });

  test('a job is not changed if its audit entry can not be stored', async () => {
    const id = await fail(randomUUID());
    await reviews.service.query(
      `ALTER TABLE admin_action ADD CONSTRAINT planted CHECK (action <> 'job.discard') NOT VALID`,
    );
    expect((await admin.post(route(`jobs/${id}/discard`), REASON)).status).toBe(500);
    expect((await jobs()).data.map((job) => job.id)).toEqual([id]);
    await reviews.service.query('ALTER TABLE admin_action DROP CONSTRAINT planted');
    expect((await admin.post(route(`jobs/${id}/discard`), REASON)).status).toBe(204);
  });

  test('the audit entry of a job is stored before the job is changed', async () => {
    const id = await fail(randomUUID());
    const operations = reviews.service.get(JobOperations);
    const broken = jest.spyOn(operations, 'discard').mockRejectedValueOnce(new Error('no connection'));
    expect((await admin.post(route(`jobs/${id}/discard`), REASON)).status).toBe(500);
    broken.mockRestore();
    expect(await auditOf(id)).toMatchObject([{ action: 'job.discard', ...REASON }]);
    await admin.post(route(`jobs/${id}/discard`), REASON);
  });

  test('a Redis that does not respond is reported in time', async () => {
    const silent = new Promise<never>(() => undefined);
    const hanging = { client: { status: 'ready' }, getJob: () => silent } as unknown as Queue;
    await expect(new JobOperations(hanging, 20).discard('1')).rejects.toMatchObject({
      code: 'service.unavailable',
    });
  });

  test('a job that has not failed can neither be retried nor discarded', async () => {
    const { id } = await queue.add('test.publish', {}, { delay: 3_600_000 });
    for (const action of ['retry', 'discard'])
      expectProblem(await admin.post(route(`jobs/${id}/${action}`), REASON), 409, 'job.not_failed');
    expect(await auditOf(String(id))).toEqual([]);
  });
});

describe('every route', () => {
  const calls = OPERATIONS_ROUTES.map((template): [method: string, path: string] => {
    const [method = '', path = ''] = template.split(' ');
    return [method, path.replace('{id}', randomUUID())];
  });
  const bodyOf = (path: string) =>
    /\/(dead-letters\/redrive|refused\/resend)$/.test(path) ? { ...REASON, all: true } : REASON;
  const send = (client: TestClient, [method, path]: [string, string], query = '?service=reviews') =>
    client.send(method, path + query, method === 'POST' ? bodyOf(path) : undefined);

  test('is for administrators only', async () => {
    for (const call of calls) {
      expectProblem(await send(reviews.service.anonymous, call), 401, 'auth.missing_token');
      for (const roles of [['guest'], ['guest', 'host']])
        expectProblem(await send(reviews.as(testUser({ roles })), call), 403, 'auth.forbidden');
    }
  });

  test('needs the name of this service, and a write a reason', async () => {
    for (const [method, path] of calls) {
      for (const query of ['', '?service=bookings', '?service=reviews&service=reviews']) {
        const { status, body } = await send(admin, [method, path], query);
        expect([status, body.errors]).toMatchObject([400, [{ parameter: 'service' }]]);
      }
      if (method === 'POST')
        expectProblem(await admin.post(`${path}?service=reviews`, {}), 400, 'request.invalid', '/reason');
    }
  });
});
