import { testUser, expectProblem, startTestService, type TestService } from '@roost/testing';
import pg from 'pg';
import { IdempotencyKeys } from '@roost/http';
import { notes } from '../../service/test/notes/src/service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(notes);
});
afterAll(() => service?.close());

const key = (value: string) => ({ 'idempotency-key': value });
const notesOf = (ownerId: string) => service.query('SELECT id FROM note WHERE owner_id = $1', [ownerId]);

test('a repeated POST returns the first response and has no second effect', async () => {
  const user = testUser();
  const first = await service.as(user).post('/v1/notes', { text: 'a' }, key('k'));
  const second = await service.as(user).post('/v1/notes', { text: 'a' }, key('k'));
  expect(first.status).toBe(201);
  expect(first.headers.get('idempotent-replayed')).toBeNull();
  expect(second.status).toBe(201);
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
  expect(second.body).toEqual(first.body);
  expect(await notesOf(user.id)).toHaveLength(1);
});

test('two hundred concurrent requests have one effect; the others return its response or 409', async () => {
  const user = testUser();
  const responses = await Promise.all(
    Array.from({ length: 200 }, () => service.as(user).post('/v1/notes', { text: 'a' }, key('storm'))),
  );
  const created = responses.filter(({ status }) => status === 201);
  expect(created.length).toBeGreaterThan(0);
  expect(new Set(created.map(({ body }) => body.id)).size).toBe(1);
  for (const response of responses.filter(({ status }) => status !== 201))
    expectProblem(response, 409, 'idempotency.in_progress');
  expect(await notesOf(user.id)).toHaveLength(1);
  const after = await service.as(user).post('/v1/notes', { text: 'a' }, key('storm'));
  expect(after.body).toEqual(created[0]?.body);
});

test('422 idempotency.key_reused for another body', async () => {
  const user = service.as(testUser());
  await user.post('/v1/notes', { text: 'a' }, key('k'));
  expectProblem(await user.post('/v1/notes', { text: 'b' }, key('k')), 422, 'idempotency.key_reused');
});

test('keys of different users or paths are independent', async () => {
  const [one, other] = [testUser(), testUser()];
  const [mine, theirs] = await Promise.all(
    [one, other].map((user) => service.as(user).post('/v1/notes', { text: 'a' }, key('same'))),
  );
  expect(mine?.body.id).not.toBe(theirs?.body.id);
  const elsewhere = await service.as(one).post('/v1/notes/bulk', { texts: ['a'] }, key('same'));
  expect(elsewhere.status).toBe(200);
});

test('stores a response that its use case did not store', async () => {
  const user = testUser();
  const first = await service.as(user).post('/v1/notes/bulk', { texts: ['a', 'b'] }, key('bulk'));
  const second = await service.as(user).post('/v1/notes/bulk', { texts: ['a', 'b'] }, key('bulk'));
  expect(first).toMatchObject({ status: 200, body: { count: 2 } });
  expect(second).toMatchObject({ status: 200, body: { count: 2 } });
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect(await notesOf(user.id)).toHaveLength(2);
});

test('stores 4xx responses', async () => {
  const user = service.as(testUser());
  const first = await user.post('/v1/notes', { text: '' }, key('k'));
  const second = await user.post('/v1/notes', { text: '' }, key('k'));
  expectProblem(first, 400, 'request.invalid', '/text');
  expectProblem(second, 400, 'request.invalid', '/text');
  expect(second.headers.get('idempotent-replayed')).toBe('true');
});

test('does not store a 5xx response: a repeated request runs again', async () => {
  const user = testUser();
  await service.query('ALTER TABLE note RENAME TO note_hidden');
  try {
    expectProblem(await service.as(user).post('/v1/notes', { text: 'a' }, key('k')), 500, 'internal');
  } finally {
    await service.query('ALTER TABLE note_hidden RENAME TO note');
  }
  const again = await service.as(user).post('/v1/notes', { text: 'a' }, key('k'));
  expect(again.status).toBe(201);
  expect(again.headers.get('idempotent-replayed')).toBeNull();
});

test('a request that fails with 403 claims no key', async () => {
  const user = testUser({ emailVerified: false });
  expectProblem(
    await service.as(user).post('/v1/notes', { text: 'a' }, key('k')),
    403,
    'auth.email_unverified',
  );
  const verified = testUser({ id: user.id });
  expect((await service.as(verified).post('/v1/notes', { text: 'a' }, key('k'))).status).toBe(201);
});

test.each(['', 'x'.repeat(256), 'with space'])('400 for the invalid key "%.20s"', async (value) => {
  expectProblem(
    await service.as(testUser()).post('/v1/notes', { text: 'a' }, key(value)),
    400,
    'request.invalid',
  );
});

describe('a lease that', () => {
  const userWithLease = async (lease: string) => {
    const user = testUser();
    await service.as(user).post('/v1/notes', { text: 'a' }, key('k'));
    await service.query(
      `UPDATE idempotency_key SET status = NULL, body = NULL, lease = uuidv7(), lease_until = now() + $2::interval WHERE user_id = $1`,
      [user.id, lease],
    );
    return user;
  };

  test('has not expired rejects other requests', async () => {
    const user = await userWithLease('1 minute');
    expectProblem(
      await service.as(user).post('/v1/notes', { text: 'a' }, key('k')),
      409,
      'idempotency.in_progress',
    );
  });

  test('has expired can be claimed by the same request only', async () => {
    const user = await userWithLease('-1 second');
    expectProblem(
      await service.as(user).post('/v1/notes', { text: 'b' }, key('k')),
      422,
      'idempotency.key_reused',
    );
    expect((await service.as(user).post('/v1/notes', { text: 'a' }, key('k'))).status).toBe(201);
  });

  test('another request has claimed can not commit', async () => {
    const user = testUser();
    const gate = new pg.Client({ connectionString: service.env.DATABASE_URL });
    await gate.connect();
    await gate.query('BEGIN; LOCK TABLE note IN EXCLUSIVE MODE');
    const slow = service.as(user).post('/v1/notes', { text: 'slow' }, key('k'));
    await waitForClaim(user.id);
    await service.query('UPDATE idempotency_key SET lease = uuidv7() WHERE user_id = $1', [user.id]);
    await gate.query('COMMIT');
    await gate.end();
    expectProblem(await slow, 409, 'idempotency.in_progress');
    expect(await notesOf(user.id)).toHaveLength(0);
  });
});

async function waitForClaim(userId: string): Promise<void> {
  for (;;) {
    const rows = await service.query(
      'SELECT 1 FROM idempotency_key WHERE user_id = $1 AND lease IS NOT NULL',
      [userId],
    );
    if (rows.length > 0) return;
  }
}

test('responses are stored for a day', async () => {
  const user = testUser();
  const first = await service.as(user).post('/v1/notes', { text: 'a' }, key('k'));
  const age = (text: string) =>
    service.query('UPDATE idempotency_key SET created_at = now() - $2::interval WHERE user_id = $1', [
      user.id,
      text,
    ]);
  const count = async () =>
    (await service.query('SELECT 1 FROM idempotency_key WHERE user_id = $1', [user.id])).length;
  await age('23 hours 59 minutes');
  await service.get(IdempotencyKeys).prune();
  expect(await count()).toBe(1);
  await age('24 hours 1 minute');
  const later = await service.as(user).post('/v1/notes', { text: 'another' }, key('k'));
  expect(later.status).toBe(201);
  expect(later.body.id).not.toBe(first.body.id);
  await age('24 hours 1 minute');
  await service.get(IdempotencyKeys).prune();
  expect(await count()).toBe(0);
});
