import { randomUUID } from 'node:crypto';
import { testUser, expectProblem } from '@roost/testing';
import { type ReviewsFixture, startReviews } from './reviews.fixture.js';

interface Result {
  externalId: string | null;
  id: string | null;
  outcome: string;
  code: string | null;
  pointer: string | null;
  detail: string | null;
}

describe('POST /v1/admin/imports/reviews', () => {
  let reviews: ReviewsFixture;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  const importRow = (other: Record<string, unknown> = {}) => ({
    externalId: randomUUID(),
    listingId: randomUUID(),
    authorName: 'Zoë',
    text: 'Lovely.\nWould come again.',
    writtenAt: '2024-02-29',
    ...other,
  });
  const postRows = (rows: unknown[], source = 'inside-airbnb') =>
    reviews.as(reviews.admin).post<{ results: Result[] }>('/v1/admin/imports/reviews', { source, rows });
  const importRows = async (rows: unknown[], source?: string) => {
    const response = await postRows(rows, source);
    expect({ status: response.status, body: response.body }).toMatchObject({ status: 200 });
    return response.body.results;
  };
  const outcomes = async (rows: unknown[]) => (await importRows(rows)).map(({ outcome }) => outcome);

  test('200: lists external reviews with those of stays, without ratings and events', async () => {
    const { stay, ofListing } = await reviews.createPublished();
    const before = await reviews.ofListing(stay.listingId);
    const row = importRow({ listingId: stay.listingId });
    const [result] = await importRows([row]);
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

  test('recognizes unchanged rows, changed rows, and rows of other sources', async () => {
    const rows = [importRow(), importRow(), importRow()];
    expect(await outcomes(rows)).toEqual(['created', 'created', 'created']);
    expect(await outcomes(rows)).toEqual(['unchanged', 'unchanged', 'unchanged']);
    const changed = [rows[0], { ...rows[1], text: 'Edited.' }, importRow()];
    expect(await outcomes(changed)).toEqual(['unchanged', 'updated', 'created']);
    const { data } = await reviews.ofListing(rows[1]?.listingId ?? '');
    expect(data.map(({ text }) => text)).toEqual(['Edited.']);
    const [fromOtherSource] = await importRows([rows[0]], 'another-site');
    expect(fromOtherSource?.outcome).toBe('created');
    expect((await reviews.ofListing(rows[0]?.listingId ?? '')).data).toHaveLength(2);
  });

  test('creates each review once when the same rows are imported at the same time', async () => {
    // Repeated because a race may not occur in a single round.
    for (let round = 0; round < 5; round++) {
      const rows = Array.from({ length: 50 }, () => importRow());
      const responses = await Promise.all([postRows(rows), postRows(rows), postRows(rows)]);
      expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
      const created = responses
        .flatMap(({ body }) => body.results)
        .filter(({ outcome }) => outcome === 'created');
      expect(new Set(created.map(({ id }) => id)).size).toBe(50);
      expect(created).toHaveLength(50);
    }
  });

  test('truncates texts of more than 5,000 characters, with a mark', async () => {
    const tooLong = importRow({ text: `${'🏠'.repeat(4_990)} and ${'x'.repeat(5_000)}` });
    const longest = importRow({ text: '🏠'.repeat(5_000) });
    const [truncated, unchanged] = await importRows([tooLong, longest]);
    expect(truncated).toMatchObject({ outcome: 'created', pointer: '/text', code: null });
    expect(unchanged).toMatchObject({ outcome: 'created', pointer: null });
    const [shown] = (await reviews.ofListing(tooLong.listingId)).data;
    expect([...(shown?.text ?? '')]).toHaveLength(5_000);
    expect(shown?.text).toMatch(/ and x \[…\]$/);
    expect((await reviews.ofListing(longest.listingId)).data[0]?.text).toBe(longest.text);
    expect(await outcomes([tooLong])).toEqual(['unchanged']);
  });

  test('masks contact data, counts it, and leaves masked texts unchanged', async () => {
    const row = importRow({
      authorName: 'Ann +1 518 555 0142',
      text: 'Write to ann@example.com, or call +1 518 555 0142.',
    });
    const [result] = await importRows([row]);
    expect(result).toMatchObject({
      outcome: 'created',
      code: null,
      pointer: '/text',
      detail: 'Contact details masked: 3',
    });
    const [shown] = (await reviews.ofListing(row.listingId)).data;
    const masked = {
      authorName: 'Ann [phone number hidden]',
      text: 'Write to [mail address hidden], or call [phone number hidden].',
    };
    expect(shown).toMatchObject(masked);
    expect(await importRows([row, { ...row, ...masked, externalId: randomUUID() }])).toMatchObject([
      { outcome: 'unchanged', detail: 'Contact details masked: 3' },
      { outcome: 'created', pointer: null, detail: null },
    ]);
    expect((await reviews.ofListing(row.listingId)).data[1]).toMatchObject(masked);
  });

  test('masks contact data before it truncates a text', async () => {
    const row = importRow({ text: `${'x '.repeat(2_490)} ann@example.com ${'y '.repeat(90_000)}` });
    const [result] = await importRows([row]);
    expect(result).toMatchObject({
      pointer: '/text',
      detail: 'Truncated to 5000 characters; Contact details masked: 1',
    });
    expect((await reviews.ofListing(row.listingId)).data[0]?.text).not.toContain('ann@');
  });

  test('rejects invalid rows one by one and stores the others', async () => {
    const good = importRow();
    const duplicate = importRow();
    const bad: [unknown, string | null][] = [
      [importRow({ text: '   ' }), '/text'],
      [importRow({ text: '\u0007\u001b' }), '/text'],
      [importRow({ text: '\u200b\u2060\u3164' }), '/text'],
      [importRow({ listingId: 'not-a-uuid' }), '/listingId'],
      [importRow({ writtenAt: '2027-06-01' }), '/writtenAt'],
      [importRow({ writtenAt: '2023-02-29' }), '/writtenAt'],
      [importRow({ authorName: '' }), '/authorName'],
      [importRow({ externalId: 7 }), '/externalId'],
      [importRow({ overall: 5 }), '/overall'],
      [duplicate, '/externalId'],
      ['a text', ''],
      [null, ''],
    ];
    const results = await importRows([duplicate, ...bad.map(([row]) => row), good]);
    expect(results[0]?.outcome).toBe('created');
    expect(results.at(-1)?.outcome).toBe('created');
    const refused = results.slice(1, -1);
    expect(refused.map(({ outcome }) => outcome)).toEqual(bad.map(() => 'refused'));
    expect(refused.map(({ pointer }) => pointer)).toEqual(bad.map(([, pointer]) => pointer));
    for (const row of refused) expect(row).toMatchObject({ id: null, code: 'request.invalid' });
    expect((await reviews.ofListing(good.listingId)).data).toHaveLength(1);
  });

  test('keeps a hidden review hidden when it is imported again', async () => {
    const row = importRow();
    const [result] = await importRows([row]);
    const hide = await reviews
      .as(reviews.admin)
      .post(`/v1/admin/reviews/${result?.id}/hide`, { reason: 'Names a neighbour' });
    expect(hide.status).toBe(204);
    expect(await outcomes([{ ...row, text: 'Again.' }])).toEqual(['updated']);
    expect((await reviews.ofListing(row.listingId)).data).toEqual([]);
  });

  test('rejects replies to and edits of external reviews', async () => {
    const row = importRow();
    const [result] = await importRows([row]);
    const user = reviews.as(testUser({ roles: ['host'] }));
    expectProblem(
      await user.post(`/v1/reviews/${result?.id}/reply`, { text: 'Thanks' }),
      404,
      'review.not_found',
    );
    expectProblem(await user.patch(`/v1/reviews/${result?.id}`, { text: 'Mine' }), 404, 'review.not_found');
  });

  test('401 for anonymous requests, 403 for guests and hosts', async () => {
    const body = { source: 'inside-airbnb', rows: [importRow()] };
    const path = '/v1/admin/imports/reviews';
    expectProblem(await reviews.service.anonymous.post(path, body), 401, 'auth.missing_token');
    for (const user of [testUser(), testUser({ roles: ['host'] })]) {
      expectProblem(await reviews.as(user).post(path, body), 403, 'auth.forbidden');
    }
  });

  test.each<[string, unknown, string]>([
    ['no rows', { source: 'a', rows: [] }, '/rows'],
    ['too many rows', { source: 'a', rows: Array.from({ length: 201 }, () => null) }, '/rows'],
    ['no source', { rows: [null] }, '/source'],
    ['an array', [], ''],
  ])('400: %s', async (_, body, pointer) => {
    const response = await reviews.as(reviews.admin).post('/v1/admin/imports/reviews', body);
    expectProblem(response, 400, 'request.invalid', pointer);
  });
});
