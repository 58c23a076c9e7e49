import { aUser, expectProblem, startTestService, type TestService } from '@roost/testing';
import pg from 'pg';
import { IdempotencyKeys } from '@roost/http';
import { notes } from './notes/src/service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(notes);
});
afterAll(() => service?.close());

const key = (value: string) => ({ 'idempotency-key': value });
const notesOf = (ownerId: string) => service.query('SELECT id FROM note WHERE owner_id = $1', [ownerId]);

test('a repeated POST gets the first answer and has no second effect', async () => {
  const user = aUser();
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

test('two hundred at once: one effect, the rest wait their turn or see its answer', async () => {
  const user = aUser();
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => service.as(user).post('/v1/notes', { text: 'a' }, key('storm'))),
  );
  const made = answers.filter(({ status }) => status === 201);
  expect(made.length).toBeGreaterThan(0);
  expect(new Set(made.map(({ body }) => body.id)).size).toBe(1);
  for (const answer of answers.filter(({ status }) => status !== 201))
    expectProblem(answer, 409, 'idempotency.in_progress');
  expect(await notesOf(user.id)).toHaveLength(1);
  const after = await service.as(user).post('/v1/notes', { text: 'a' }, key('storm'));
  expect(after.body).toEqual(made[0]?.body);
});

test('422 idempotency.key_reused for another body', async () => {
  const user = service.as(aUser());
  await user.post('/v1/notes', { text: 'a' }, key('k'));
  expectProblem(await user.post('/v1/notes', { text: 'b' }, key('k')), 422, 'idempotency.key_reused');
});

test('keys of two users, and of two paths, are strangers', async () => {
  const [one, other] = [aUser(), aUser()];
  const [mine, theirs] = await Promise.all(
    [one, other].map((user) => service.as(user).post('/v1/notes', { text: 'a' }, key('same'))),
  );
  expect(mine?.body.id).not.toBe(theirs?.body.id);
  const elsewhere = await service.as(one).post('/v1/notes/bulk', { texts: ['a'] }, key('same'));
  expect(elsewhere.status).toBe(200);
});

test('an answer that its use case did not store is stored by the way out', async () => {
  const user = aUser();
  const first = await service.as(user).post('/v1/notes/bulk', { texts: ['a', 'b'] }, key('bulk'));
  const second = await service.as(user).post('/v1/notes/bulk', { texts: ['a', 'b'] }, key('bulk'));
  expect(first).toMatchObject({ status: 200, body: { count: 2 } });
  expect(second).toMatchObject({ status: 200, body: { count: 2 } });
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect(await notesOf(user.id)).toHaveLength(2);
});

test('a refusal is an answer, too', async () => {
  const user = service.as(aUser());
  const first = await user.post('/v1/notes', { text: '' }, key('k'));
  const second = await user.post('/v1/notes', { text: '' }, key('k'));
  expectProblem(first, 400, 'request.invalid', '/text');
  expectProblem(second, 400, 'request.invalid', '/text');
  expect(second.headers.get('idempotent-replayed')).toBe('true');
});

test('a failure on our side is not: the next try runs again', async () => {
  const user = aUser();
  await service.query('ALTER TABLE note RENAME TO note_away');
  try {
    expectProblem(await service.as(user).post('/v1/notes', { text: 'a' }, key('k')), 500, 'internal');
  } finally {
    await service.query('ALTER TABLE note_away RENAME TO note');
  }
  const again = await service.as(user).post('/v1/notes', { text: 'a' }, key('k'));
  expect(again.status).toBe(201);
  expect(again.headers.get('idempotent-replayed')).toBeNull();
});

test('403 and 401 come before the key', async () => {
  const user = aUser({ emailVerified: false });
  expectProblem(
    await service.as(user).post('/v1/notes', { text: 'a' }, key('k')),
    403,
    'auth.email_unverified',
  );
  const verified = aUser({ id: user.id });
  expect((await service.as(verified).post('/v1/notes', { text: 'a' }, key('k'))).status).toBe(201);
});

test.each(['', 'x'.repeat(256), 'with space'])('400 for a key like "%.20s"', async (value) => {
  expectProblem(
    await service.as(aUser()).post('/v1/notes', { text: 'a' }, key(value)),
    400,
    'request.invalid',
  );
});

describe('a lease', () => {
  const given = async (lease: string) => {
    const user = aUser();
    await service.as(user).post('/v1/notes', { text: 'a' }, key('k'));
    await service.query(
      `UPDATE idempotency_key SET status = NULL, body = NULL, lease = uuidv7(), lease_until = now() + $2::interval WHERE user_id = $1`,
      [user.id, lease],
    );
    return user;
  };

  test('that runs keeps others out', async () => {
    const user = await given('1 second');
    expectProblem(
      await service.as(user).post('/v1/notes', { text: 'a' }, key('k')),
      409,
      'idempotency.in_progress',
    );
  });

  test('that has run out is taken over, by the same request only', async () => {
    const user = await given('-1 second');
    expectProblem(
      await service.as(user).post('/v1/notes', { text: 'b' }, key('k')),
      422,
      'idempotency.key_reused',
    );
    expect((await service.as(user).post('/v1/notes', { text: 'a' }, key('k'))).status).toBe(201);
  });

  test('that somebody else has taken over can not commit', async () => {
    const user = aUser();
    const gate = new pg.Client({ connectionString: service.env.DATABASE_URL });
    await gate.connect();
    await gate.query('BEGIN; LOCK TABLE note IN EXCLUSIVE MODE');
    const slow = service.as(user).post('/v1/notes', { text: 'slow' }, key('k'));
    await untilClaimed(user.id);
    await service.query('UPDATE idempotency_key SET lease = uuidv7() WHERE user_id = $1', [user.id]);
    await gate.query('COMMIT');
    await gate.end();
    expectProblem(await slow, 409, 'idempotency.in_progress');
    expect(await notesOf(user.id)).toHaveLength(0);
  });
});

async function untilClaimed(userId: string): Promise<void> {
  for (;;) {
    const rows = await service.query(
      'SELECT 1 FROM idempotency_key WHERE user_id = $1 AND lease IS NOT NULL',
      [userId],
    );
    if (rows.length > 0) return;
  }
}

test('answers are kept for a day', async () => {
  const user = aUser();
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
