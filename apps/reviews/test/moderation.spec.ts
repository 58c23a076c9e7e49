import { randomUUID } from 'node:crypto';
import { testUser, expectProblem, type TestUser } from '@roost/testing';
import { ModerationJobs } from '../src/moderation/moderation.jobs.js';
import { type ReviewBody, type ReviewsFixture, startReviews } from './reviews.fixture.js';

interface Report {
  id: string;
  review: ReviewBody;
  reporterId: string;
  reason: string;
  comment: string | null;
  status: string;
}

describe('moderation', () => {
  let reviews: ReviewsFixture;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  const report = (user: TestUser, id: string, body: unknown = { reason: 'offensive' }) =>
    reviews.as(user).post<{ id: string; reviewId: string }>(`/v1/reviews/${id}/report`, body);
  const listReports = async (query = '') => {
    const response = await reviews
      .as(reviews.admin)
      .get<{ data: Report[]; nextCursor: string | null }>(`/v1/admin/review-reports${query}`);
    expect(response.status).toBe(200);
    return response.body;
  };
  const reportsOf = async (id: string, status = 'open') =>
    (await listReports(`?limit=100&status=${status}`)).data.filter(({ review }) => review.id === id);
  const hide = (id: string, body: unknown = { reason: 'Names a neighbour' }) =>
    reviews.as(reviews.admin).post(`/v1/admin/reviews/${id}/hide`, body);
  const restore = (id: string) => reviews.as(reviews.admin).post(`/v1/admin/reviews/${id}/restore`);

  describe('POST /v1/reviews/{id}/report', () => {
    test('201: lists the report; a second report by the same user replaces it', async () => {
      const { ofListing } = await reviews.createPublished();
      const reader = testUser();
      const first = await report(reader, ofListing.id, { reason: 'spam', comment: 'An advertisement' });
      expect(first).toMatchObject({ status: 201, body: { reviewId: ofListing.id, reason: 'spam' } });
      const again = await report(reader, ofListing.id, { reason: 'other' });
      expect(again.body.id).toBe(first.body.id);
      await report(testUser(), ofListing.id);
      const reports = await reportsOf(ofListing.id);
      expect(reports).toHaveLength(2);
      expect(reports[0]).toMatchObject({
        id: first.body.id,
        reporterId: reader.id,
        reason: 'other',
        comment: null,
        status: 'open',
        review: { text: ofListing.text },
      });
    });

    test('404 for invisible reviews, 401, 403, 400', async () => {
      const stay = await reviews.createStay();
      const { id } = await reviews.createReview(stay.guest, stay);
      for (const user of [stay.host, stay.guest, testUser()])
        expectProblem(await report(user, id), 404, 'review.not_found');
      expectProblem(await report(testUser(), randomUUID()), 404, 'review.not_found');
      await reviews.createReview(stay.host, stay);
      const anonymous = await reviews.service.anonymous.post(`/v1/reviews/${id}/report`, { reason: 'spam' });
      expectProblem(anonymous, 401, 'auth.missing_token');
      const suspendedUser = testUser();
      await reviews.suspend(suspendedUser);
      expectProblem(await report(suspendedUser, id), 403, 'account.suspended');
      expectProblem(await report(testUser(), id, { reason: 'boring' }), 400, 'request.invalid', '/reason');
      for (const comment of ['', '\u200b\u2060\u3164']) {
        const response = await report(testUser(), id, { reason: 'spam', comment });
        expectProblem(response, 400, 'request.invalid', '/comment');
      }
    });
  });

  describe('GET /v1/admin/review-reports', () => {
    test('lists reports oldest first, page by page', async () => {
      const { ofListing } = await reviews.createPublished();
      for (let n = 0; n < 3; n += 1) await report(testUser(), ofListing.id);
      const all = (await listReports('?limit=100')).data.map(({ id }) => id);
      const paged: string[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof listReports>> = await listReports(
          `?limit=2${cursor ? `&cursor=${cursor}` : ''}`,
        );
        paged.push(...page.data.map(({ id }) => id));
        cursor = page.nextCursor;
      } while (cursor);
      expect(paged).toEqual(all);
      expect(all).toEqual(all.toSorted());
    });

    test('401 for anonymous requests, 403 for guests and hosts', async () => {
      for (const path of ['/v1/admin/review-reports']) {
        expectProblem(await reviews.service.anonymous.get(path), 401, 'auth.missing_token');
        for (const user of [testUser(), testUser({ roles: ['host'] })]) {
          expectProblem(await reviews.as(user).get(path), 403, 'auth.forbidden');
        }
      }
    });
  });

  test('POST …/dismiss closes the report and leaves the review unchanged', async () => {
    const { stay, ofListing } = await reviews.createPublished();
    const { body } = await report(testUser(), ofListing.id);
    const dismiss = () => reviews.as(reviews.admin).post(`/v1/admin/review-reports/${body.id}/dismiss`);
    expect((await dismiss()).status).toBe(204);
    expect(await reportsOf(ofListing.id)).toEqual([]);
    expect(await reportsOf(ofListing.id, 'dismissed')).toHaveLength(1);
    expect((await reviews.ofListing(stay.listingId)).data).toHaveLength(1);
    expectProblem(await dismiss(), 404, 'review.report_not_found');
  });

  describe('the audit log', () => {
    const path = '/v1/admin/reviews/audit-log';
    const logOf = async (query: string) =>
      (await reviews.as(reviews.admin).get<{ data: object[] }>(`${path}?${query}`)).body.data;

    test('contains who hid and restored a review, and none that was rejected', async () => {
      const { ofListing } = await reviews.createPublished();
      await hide(ofListing.id);
      expectProblem(await hide(ofListing.id), 409, 'review.wrong_state');
      await restore(ofListing.id);
      const by = { adminId: reviews.admin.id, subjectType: 'review' };
      expect(await logOf(`subjectId=${ofListing.id}`)).toMatchObject([
        { ...by, action: 'review.restore', reason: null },
        { ...by, action: 'review.hide', reason: 'Names a neighbour' },
      ]);
    });

    test('contains who dismissed a report', async () => {
      const { ofListing } = await reviews.createPublished();
      const { body } = await report(testUser(), ofListing.id);
      await reviews.as(reviews.admin).post(`/v1/admin/review-reports/${body.id}/dismiss`);
      expect(await logOf(`subjectId=${body.id}`)).toMatchObject([
        { adminId: reviews.admin.id, action: 'report.dismiss', subjectType: 'report' },
      ]);
    });

    test('contains an import with the number of its rows', async () => {
      const batch = { source: 'audited', rows: [{ externalId: '1' }] };
      await reviews.as(reviews.admin).post('/v1/admin/imports/reviews', batch);
      expect(await logOf('subjectId=audited')).toMatchObject([
        { action: 'import.reviews', details: { rows: 1, refused: 1 } },
      ]);
    });

    test('401 for anonymous requests, 403 for guests and hosts', async () => {
      expectProblem(await reviews.service.anonymous.get(path), 401, 'auth.missing_token');
      for (const user of [testUser(), testUser({ roles: ['host'] })])
        expectProblem(await reviews.as(user).get(path), 403, 'auth.forbidden');
    });
  });

  describe('POST /v1/admin/reviews/{id}/hide and /restore', () => {
    test('204: hides the review from lists and rating, upholds its reports, shows the reason to its author, and restores everything', async () => {
      const { stay, ofListing } = await reviews.createPublished({ guestInput: { overall: 1 } });
      await reviews.createPublished({
        host: stay.host,
        listingId: stay.listingId,
        guestInput: { overall: 5 },
      });
      await report(stay.host, ofListing.id);
      const before = await reviews.ofListing(stay.listingId);
      expect(before.rating).toMatchObject({ mean: 3, count: 2, histogram: [1, 0, 0, 0, 1] });
      expect((await hide(ofListing.id)).status).toBe(204);

      const { data, rating } = await reviews.ofListing(stay.listingId);
      expect(data.map(({ id }) => id)).not.toContain(ofListing.id);
      expect(rating).toMatchObject({ mean: 5, count: 1, histogram: [0, 0, 0, 0, 1] });
      expect((await reviews.ofUser(stay.host.id)).data.map(({ id }) => id)).not.toContain(ofListing.id);
      expect(await reportsOf(ofListing.id, 'upheld')).toHaveLength(1);
      const path = `/v1/reviews/${ofListing.id}`;
      expectProblem(await reviews.service.anonymous.get(path), 404, 'review.not_found');
      expectProblem(await reviews.as(stay.host).get(path), 404, 'review.not_found');
      for (const user of [stay.guest, reviews.admin]) {
        const view = await reviews.as(user).get<ReviewBody>(path);
        expect(view.body.hidden).toMatchObject({ reason: 'Names a neighbour' });
      }

      expect((await restore(ofListing.id)).status).toBe(204);
      expect(await reviews.ofListing(stay.listingId)).toEqual(before);
      for (const type of ['review.hidden', 'review.restored'] as const) {
        const events = (await reviews.service.published(type)).filter(
          ({ reviewId }) => reviewId === ofListing.id,
        );
        expect(events).toEqual([expect.objectContaining({ listingId: stay.listingId })]);
      }
      const ratings = await reviews.service.query<{ aggregate_version: string; body: { count: number } }>(
        `SELECT aggregate_version, body FROM outbox_event WHERE type = 'rating.changed' AND key = $1 ORDER BY xid, id`,
        [stay.listingId],
      );
      expect(ratings.map(({ body }) => body.count)).toEqual([1, 2, 1, 2]);
      const versions = ratings.map((row) => Number(row.aggregate_version));
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
      expect(new Set(versions).size).toBe(4);
    });

    test('returns no rating when the last review is hidden', async () => {
      const { stay, ofListing, ofGuest } = await reviews.createPublished();
      await hide(ofListing.id);
      await hide(ofGuest.id);
      expect(await reviews.ofListing(stay.listingId)).toEqual({
        rating: null,
        externalCount: 0,
        data: [],
        nextCursor: null,
      });
      expect((await reviews.ofUser(stay.guest.id)).rating).toBeNull();
      expect((await reviews.service.published('rating.changed')).at(-1)).toEqual({
        listingId: stay.listingId,
        count: 0,
        overallSum: 0,
        categorySums: {},
        histogram: [0, 0, 0, 0, 0],
      });
    });

    test('adjusts the rating once when ten administrators hide a review at the same time', async () => {
      const { stay, ofListing } = await reviews.createPublished();
      await reviews.createPublished({ host: stay.host, listingId: stay.listingId });
      const responses = await Promise.all(Array.from({ length: 10 }, () => hide(ofListing.id)));
      expect(responses.map(({ status }) => status).sort()).toEqual([204, ...Array<number>(9).fill(409)]);
      expect((await reviews.ofListing(stay.listingId)).rating).toMatchObject({ count: 1 });
    });

    test('409 without a change of state, 404 for unknown and unpublished reviews, 400 without a reason', async () => {
      const { ofListing } = await reviews.createPublished();
      expectProblem(await restore(ofListing.id), 409, 'review.wrong_state');
      await hide(ofListing.id);
      expectProblem(await hide(ofListing.id), 409, 'review.wrong_state');
      const stay = await reviews.createStay();
      const { id } = await reviews.createReview(stay.guest, stay);
      for (const missingId of [id, randomUUID()]) {
        expectProblem(await hide(missingId), 404, 'review.not_found');
        expectProblem(await restore(missingId), 404, 'review.not_found');
      }
      for (const body of [{}, { reason: '\u200b\u2060\u3164' }])
        expectProblem(await hide(ofListing.id, body), 400, 'request.invalid', '/reason');
    });

    test('401 for anonymous requests, 403 for guests and hosts', async () => {
      const { stay, ofListing } = await reviews.createPublished();
      for (const action of ['hide', 'restore']) {
        const path = `/v1/admin/reviews/${ofListing.id}/${action}`;
        expectProblem(await reviews.service.anonymous.post(path, { reason: 'x' }), 401, 'auth.missing_token');
        for (const user of [stay.guest, stay.host]) {
          expectProblem(await reviews.as(user).post(path, { reason: 'x' }), 403, 'auth.forbidden');
        }
      }
    });
  });

  describe('POST /v1/admin/reviews/{id}/reply/hide and /restore', () => {
    const act = (action: 'hide' | 'restore', id: string, body: object = { reason: 'An insult' }) =>
      reviews
        .as(reviews.admin)
        .post(`/v1/admin/reviews/${id}/reply/${action}`, action === 'hide' ? body : undefined);
    const replySeenBy = async (user: TestUser, id: string) =>
      (await reviews.as(user).get<ReviewBody>(`/v1/reviews/${id}`)).body.reply;
    const createReplied = async () => {
      const { stay, ofListing } = await reviews.createPublished();
      const path = `/v1/reviews/${ofListing.id}/reply`;
      expect((await reviews.as(stay.host).post(path, { text: 'You are awful' })).status).toBe(201);
      return { stay, id: ofListing.id };
    };

    test('204: hides the reply from all but its author and administrators, keeps the review, and restores it', async () => {
      const { stay, id } = await createReplied();
      const reply = { authorId: stay.host.id, text: 'You are awful' };
      const shown = { ...reply, moderated: false, hidden: null };
      expect(await replySeenBy(testUser(), id)).toMatchObject(shown);

      expect((await act('hide', id)).status).toBe(204);
      for (const user of [stay.guest, testUser()]) expect(await replySeenBy(user, id)).toBeNull();
      for (const user of [stay.host, reviews.admin])
        expect(await replySeenBy(user, id)).toMatchObject({
          ...{ ...reply, moderated: true },
          hidden: { at: expect.any(String) as string, reason: 'An insult' },
        });
      const published = await reviews.service.published('review.reply-hidden');
      expect(published.filter(({ reviewId }) => reviewId === id)).toHaveLength(1);
      const { data, rating } = await reviews.ofListing(stay.listingId);
      expect(data).toMatchObject([{ id, reply: null, hidden: null }]);
      expect(rating).toMatchObject({ count: 1 });
      const second = await reviews.as(stay.host).post(`/v1/reviews/${id}/reply`, { text: 'Again' });
      expectProblem(second, 409, 'review.already_replied');

      expect((await act('restore', id)).status).toBe(204);
      expect(await replySeenBy(testUser(), id)).toMatchObject(shown);
      const log = await reviews
        .as(reviews.admin)
        .get<{ data: { action: string; reason: string | null }[] }>(
          `/v1/admin/reviews/audit-log?subjectId=${id}`,
        );
      expect(log.body.data).toMatchObject([
        { action: 'reply.restore', reason: null },
        { action: 'reply.hide', reason: 'An insult' },
      ]);
    });

    test('409 without a change of state, 404 without a reply, 400 without a reason, 403 for users', async () => {
      const { stay, id } = await createReplied();
      expectProblem(await act('restore', id), 409, 'review.wrong_state');
      expectProblem(await act('hide', id, {}), 400, 'request.invalid', '/reason');
      await act('hide', id);
      expectProblem(await act('hide', id), 409, 'review.wrong_state');
      const { ofListing } = await reviews.createPublished();
      for (const action of ['hide', 'restore'] as const) {
        for (const missingId of [ofListing.id, randomUUID()])
          expectProblem(await act(action, missingId), 404, 'review.not_found');
        const path = `/v1/admin/reviews/${id}/reply/${action}`;
        expectProblem(await reviews.as(stay.guest).post(path, { reason: 'x' }), 403, 'auth.forbidden');
      }
    });
  });

  test('keeps the rating equal to the visible reviews when many are published and hidden at the same time', async () => {
    const host = testUser({ roles: ['host'] });
    const listingId = randomUUID();
    const published: ReviewBody[] = [];
    for (const overall of [1, 2, 3, 4, 5, 5]) {
      published.push((await reviews.createPublished({ host, listingId, guestInput: { overall } })).ofListing);
    }
    const stays = await Promise.all(Array.from({ length: 6 }, () => reviews.createStay({ host, listingId })));
    await Promise.all(stays.map((stay) => reviews.createReview(stay.host, stay)));
    await Promise.all([
      ...stays.map((stay) => reviews.createReview(stay.guest, stay, { overall: 2 })),
      ...published.slice(0, 3).map(({ id }) => hide(id)),
    ]);
    const [expected] = await reviews.service.query<{ count: number; sum: number }>(
      `SELECT count(*)::int AS count, sum(overall)::int AS sum FROM review
       WHERE subject_id = $1 AND published_at IS NOT NULL AND hidden_at IS NULL`,
      [listingId],
    );
    expect(expected).toEqual({ count: 9, sum: 4 + 5 + 5 + 6 * 2 });
    const ratingEvents = (await reviews.service.published('rating.changed')).filter(
      (body) => body.listingId === listingId,
    );
    expect(ratingEvents.at(-1)).toMatchObject({
      count: 9,
      overallSum: 26,
      categorySums: { accuracy: 36 },
      histogram: [0, 6, 0, 1, 2],
    });
    expect(ratingEvents).toHaveLength(6 + 6 + 3);
  });

  test('the comments of closed reports are deleted after the period, and nothing else of them', async () => {
    const { ofListing } = await reviews.createPublished();
    const reader = testUser();
    await report(reader, ofListing.id, { reason: 'spam', comment: 'A secret complaint' });
    const [before] = await reportsOf(ofListing.id);
    await reviews.as(reviews.admin).post(`/v1/admin/review-reports/${before?.id}/dismiss`);
    await report(reader, ofListing.id, { reason: 'spam', comment: 'Once more' });
    const [dismissed] = await reportsOf(ofListing.id, 'dismissed');
    const { clock } = reviews.service;
    const deleteComments = () => reviews.service.get(ModerationJobs).deleteComments();

    await clock.advance('P729D');
    await deleteComments();
    expect(await reportsOf(ofListing.id, 'dismissed')).toEqual([dismissed]);
    await clock.advance('P2D');
    await deleteComments();
    expect(await reportsOf(ofListing.id, 'dismissed')).toEqual([{ ...dismissed, comment: null }]);
    expect(await reportsOf(ofListing.id)).toMatchObject([{ comment: 'Once more' }]);
  });
});
