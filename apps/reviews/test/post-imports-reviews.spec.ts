import { randomUUID } from 'node:crypto';
import { aUser, expectProblem } from '@roost/testing';
import { type ReviewsUnderTest, startReviews } from './reviews.fixture.js';

interface Result {
  externalId: string | null;
  id: string | null;
  outcome: string;
  code: string | null;
  pointer: string | null;
  detail: string | null;
}

describe('POST /v1/admin/imports/reviews', () => {
  let reviews: ReviewsUnderTest;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  const aRow = (other: Record<string, unknown> = {}) => ({
    externalId: randomUUID(),
    listingId: randomUUID(),
    authorName: 'Zoë',
    text: 'Lovely.\nWould come again.',
    writtenAt: '2024-02-29',
    ...other,
  });
  const send = (rows: unknown[], source = 'inside-airbnb') =>
    reviews.as(reviews.admin).post<{ results: Result[] }>('/v1/admin/imports/reviews', { source, rows });
  const sent = async (rows: unknown[], source?: string) => {
    const answer = await send(rows, source);
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200 });
    return answer.body.results;
  };
  const outcomes = async (rows: unknown[]) => (await sent(rows)).map(({ outcome }) => outcome);

  test('200: listed as external, beside those of stays, and in no rating and no event', async () => {
    const { stay, ofListing } = await reviews.givenPublished();
    const before = await reviews.ofListing(stay.listingId);
    const row = aRow({ listingId: stay.listingId });
    const [result] = await sent([row]);
    expect(result).toEqual({
      externalId: row.externalId,
      id: expect.any(String) as string,
      outcome: 'created',
      code: null,
      pointer: null,
      detail: null,
    });
    const after = await reviews.ofListing(stay.listingId);
    expect(after.rating).toEqual(before.rating);
    expect(after.data.map(({ id }) => id)).toEqual([ofListing.id, result?.id]);
    expect(after.data[1]).toEqual({
      id: result?.id,
      direction: 'guest_to_listing',
      external: true,
      bookingId: null,
      listingId: stay.listingId,
      subjectId: stay.listingId,
      authorId: null,
      authorName: 'Zoë',
      overall: null,
      categories: null,
      text: row.text,
      reply: null,
      writtenAt: '2024-02-29T00:00:00.000Z',
      publishedAt: '2024-02-29T00:00:00.000Z',
      hidden: null,
    });
    const events = await reviews.service.query<{ body: object }>('SELECT body FROM outbox_event');
    expect(JSON.stringify(events)).not.toContain(result?.id);
    const rated = (await reviews.service.published('rating.changed')).filter(
      ({ listingId }) => listingId === stay.listingId,
    );
    expect(rated).toHaveLength(1);
  });

  test('the same again changes nothing; another text is an update; another source is another review', async () => {
    const rows = [aRow(), aRow(), aRow()];
    expect(await outcomes(rows)).toEqual(['created', 'created', 'created']);
    expect(await outcomes(rows)).toEqual(['unchanged', 'unchanged', 'unchanged']);
    const changed = [rows[0], { ...rows[1], text: 'Edited.' }, aRow()];
    expect(await outcomes(changed)).toEqual(['unchanged', 'updated', 'created']);
    const { data } = await reviews.ofListing(rows[1]?.listingId ?? '');
    expect(data.map(({ text }) => text)).toEqual(['Edited.']);
    const [elsewhere] = await sent([rows[0]], 'another-site');
    expect(elsewhere?.outcome).toBe('created');
    expect((await reviews.ofListing(rows[0]?.listingId ?? '')).data).toHaveLength(2);
  });

  test('imports of the same rows at once make each review once', async () => {
    // A race: five rounds show what one may miss.
    for (let round = 0; round < 5; round++) {
      const rows = Array.from({ length: 50 }, () => aRow());
      const answers = await Promise.all([send(rows), send(rows), send(rows)]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      const created = answers
        .flatMap(({ body }) => body.results)
        .filter(({ outcome }) => outcome === 'created');
      expect(new Set(created.map(({ id }) => id)).size).toBe(50);
      expect(created).toHaveLength(50);
    }
  });

  test('5,001 characters are cut, with a mark; 5,000 are not', async () => {
    const long = aRow({ text: `${'🏠'.repeat(4_990)} and ${'x'.repeat(5_000)}` });
    const whole = aRow({ text: '🏠'.repeat(5_000) });
    const [cut, kept] = await sent([long, whole]);
    expect(cut).toMatchObject({ outcome: 'created', pointer: '/text', code: null });
    expect(kept).toMatchObject({ outcome: 'created', pointer: null });
    const [shown] = (await reviews.ofListing(long.listingId)).data;
    expect([...(shown?.text ?? '')]).toHaveLength(5_000);
    expect(shown?.text).toMatch(/ and x \[…\]$/);
    expect((await reviews.ofListing(whole.listingId)).data[0]?.text).toBe(whole.text);
    expect(await outcomes([long])).toEqual(['unchanged']);
  });

  test('a bad row is refused in its place and stops no other', async () => {
    const good = aRow();
    const twice = aRow();
    const bad: [unknown, string | null][] = [
      [aRow({ text: '   ' }), '/text'],
      [aRow({ text: '\u0007\u001b' }), '/text'],
      [aRow({ listingId: 'nowhere' }), '/listingId'],
      [aRow({ writtenAt: '2027-06-01' }), '/writtenAt'],
      [aRow({ writtenAt: '2023-02-29' }), '/writtenAt'],
      [aRow({ authorName: '' }), '/authorName'],
      [aRow({ externalId: 7 }), '/externalId'],
      [aRow({ overall: 5 }), '/overall'],
      [twice, '/externalId'],
      ['a text', ''],
      [null, ''],
    ];
    const results = await sent([twice, ...bad.map(([row]) => row), good]);
    expect(results[0]?.outcome).toBe('created');
    expect(results.at(-1)?.outcome).toBe('created');
    const refused = results.slice(1, -1);
    expect(refused.map(({ outcome }) => outcome)).toEqual(bad.map(() => 'refused'));
    expect(refused.map(({ pointer }) => pointer)).toEqual(bad.map(([, pointer]) => pointer));
    for (const row of refused) expect(row).toMatchObject({ id: null, code: 'request.invalid' });
    expect((await reviews.ofListing(good.listingId)).data).toHaveLength(1);
  });

  test('what an administrator has hidden stays hidden when it comes again', async () => {
    const row = aRow();
    const [result] = await sent([row]);
    const hide = await reviews
      .as(reviews.admin)
      .post(`/v1/admin/reviews/${result?.id}/hide`, { reason: 'Names a neighbour' });
    expect(hide.status).toBe(204);
    expect(await outcomes([{ ...row, text: 'Again.' }])).toEqual(['updated']);
    expect((await reviews.ofListing(row.listingId)).data).toEqual([]);
  });

  test('nobody can answer or edit it', async () => {
    const row = aRow();
    const [result] = await sent([row]);
    const somebody = reviews.as(aUser({ roles: ['host'] }));
    expectProblem(
      await somebody.post(`/v1/reviews/${result?.id}/reply`, { text: 'Thanks' }),
      404,
      'review.not_found',
    );
    expectProblem(
      await somebody.patch(`/v1/reviews/${result?.id}`, { text: 'Mine' }),
      404,
      'review.not_found',
    );
  });

  test('401 for nobody, 403 for guests and hosts', async () => {
    const body = { source: 'inside-airbnb', rows: [aRow()] };
    const path = '/v1/admin/imports/reviews';
    expectProblem(await reviews.service.anonymous.post(path, body), 401, 'auth.missing_token');
    for (const user of [aUser(), aUser({ roles: ['host'] })]) {
      expectProblem(await reviews.as(user).post(path, body), 403, 'auth.forbidden');
    }
  });

  test.each<[string, unknown, string]>([
    ['no rows', { source: 'a', rows: [] }, '/rows'],
    ['too many rows', { source: 'a', rows: Array.from({ length: 201 }, () => null) }, '/rows'],
    ['no source', { rows: [null] }, '/source'],
    ['a list', [], ''],
  ])('400: %s', async (_, body, pointer) => {
    const answer = await reviews.as(reviews.admin).post('/v1/admin/imports/reviews', body);
    expectProblem(answer, 400, 'request.invalid', pointer);
  });
});
