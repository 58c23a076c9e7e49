import { randomUUID } from 'node:crypto';
import { AccountExporter } from '@roost/accounts';
import { eventually, expectProblem, testUser, type TestUser } from '@roost/testing';
import { type ReviewBody, type ReviewsFixture, startReviews } from './reviews.fixture.js';

let reviews: ReviewsFixture;
beforeAll(async () => {
  reviews = await startReviews();
});
afterAll(() => reviews.close());

type Part = Record<'reviewsWritten' | 'reviewsReceived' | 'reports', (ReviewBody & { comment: string })[]> & {
  hostEvaluation: { superhost: boolean }[];
};

const read = (user: TestUser, exportId: string) =>
  reviews.as(user).get<Part>(`/v1/me/exports/${exportId}/file`);

const request = (user: TestUser, exportId: string, times = 1) =>
  reviews.service.deliver('privacy.export-requested', { userId: user.id, requestId: exportId }, { times });

async function exportOf(user: TestUser, exportId: string = randomUUID()): Promise<Part> {
  await request(user, exportId);
  return eventually(async () => {
    const { status, body } = await read(user, exportId);
    expect(status).toBe(200);
    return body;
  });
}

const readyParts = async (exportId: string) =>
  (await reviews.service.published('privacy.export-part-ready')).filter(
    ({ requestId }) => requestId === exportId,
  );

const rowsOf = (exportId: string) =>
  reviews.service.query<{ position: number; content: string }>(
    'SELECT position, content FROM account_export_chunk WHERE export_id = $1 ORDER BY position',
    [exportId],
  );

describe('the part of an export', () => {
  it('has the reviews that the user wrote and received, and their reports', async () => {
    const { stay, ofListing, ofGuest } = await reviews.createPublished();
    await reviews
      .as(stay.guest)
      .post(`/v1/reviews/${ofGuest.id}/report`, { reason: 'other', comment: 'Not true' });
    await reviews.as(stay.host).post(`/v1/reviews/${ofListing.id}/reply`, { text: 'Come again' });

    const ofTheGuest = await exportOf(stay.guest);
    expect(ofTheGuest.reviewsWritten).toMatchObject([
      { id: ofListing.id, text: ofListing.text, overall: 5, reply: 'Come again' },
    ]);
    expect(ofTheGuest.reviewsReceived).toMatchObject([{ id: ofGuest.id, text: ofGuest.text }]);
    expect(ofTheGuest.reports).toMatchObject([{ reviewId: ofGuest.id, comment: 'Not true' }]);

    const ofTheHost = await exportOf(stay.host);
    expect(ofTheHost.reviewsWritten).toMatchObject([{ id: ofGuest.id }]);
    expect(ofTheHost.reviewsReceived).toMatchObject([{ id: ofListing.id, reply: 'Come again' }]);
    expect(ofTheHost.reports).toEqual([]);
  });

  it('has a hidden reply for its author only', async () => {
    const { stay, ofListing } = await reviews.createPublished();
    await reviews.as(stay.host).post(`/v1/reviews/${ofListing.id}/reply`, { text: 'You are awful' });
    const hidden = await reviews
      .as(reviews.admin)
      .post(`/v1/admin/reviews/${ofListing.id}/reply/hide`, { reason: 'An insult' });
    expect(hidden.status).toBe(204);
    expect((await exportOf(stay.guest)).reviewsWritten).toMatchObject([{ reply: null, repliedAt: null }]);
    expect((await exportOf(stay.host)).reviewsReceived).toMatchObject([
      {
        ...{ reply: 'You are awful', replyHiddenReason: 'An insult' },
        replyHiddenAt: expect.any(String) as string,
      },
    ]);
  });

  it('is equal whether or not the other side has written a review that is not published', async () => {
    const [reviewed, other] = [await reviews.createStay(), await reviews.createStay()];
    const secret = await reviews.createReview(reviewed.guest, reviewed, { text: 'A secret until June' });
    const part = await exportOf(reviewed.host);
    expect(part).toEqual(await exportOf(other.host));
    expect(JSON.stringify(part)).not.toContain(secret.id);
    expect((await exportOf(reviewed.guest)).reviewsWritten).toMatchObject([
      { id: secret.id, publishedAt: null },
    ]);
  });

  it('says whether the user is a superhost', async () => {
    const host = testUser({ roles: ['host'] });
    await reviews.service.query(
      `INSERT INTO host_evaluation (host_id, figures_version, due_at, evaluated_at, superhost)
       VALUES ($1, 1, 'infinity', '2027-05-12T16:00:00Z', true)`,
      [host.id],
    );
    expect((await exportOf(host)).hostEvaluation).toMatchObject([{ superhost: true }]);
    expect((await exportOf(testUser())).hostEvaluation).toEqual([]);
  });

  it('has a hidden review for its author only', async () => {
    const { stay, ofListing } = await reviews.createPublished();
    const hidden = await reviews
      .as(reviews.admin)
      .post(`/v1/admin/reviews/${ofListing.id}/hide`, { reason: 'A name in the text' });
    expect(hidden.status).toBeLessThan(300);
    expect((await exportOf(stay.guest)).reviewsWritten).toMatchObject([
      { id: ofListing.id, hiddenReason: 'A name in the text' },
    ]);
    expect((await exportOf(stay.host)).reviewsReceived).toEqual([]);
  });
});

describe('writing it', () => {
  const MANY = 1_000;
  /** With texts of 5,000 characters. */
  const manyReviews = async (author: TestUser) => {
    const { stay } = await reviews.createPublished({ guest: author });
    await reviews.service.query(
      `WITH stays AS (
         INSERT INTO reviewable_stay (booking_id, listing_id, host_id, guest_id, check_in_date, check_out_date)
         SELECT gen_random_uuid(), listing_id, host_id, guest_id, check_in_date, check_out_date
         FROM reviewable_stay, generate_series(1, $2::int) WHERE booking_id = $1 RETURNING booking_id, listing_id)
       INSERT INTO review (id, booking_id, listing_id, direction, author_id, recipient_id, subject_id, overall,
         categories, text, written_at)
       SELECT gen_random_uuid(), s.booking_id, s.listing_id, r.direction, r.author_id, r.recipient_id, r.subject_id,
         5, r.categories, repeat('x', 5000), r.written_at
       FROM stays s, review r WHERE r.booking_id = $1 AND r.direction = 'guest_to_listing'`,
      [stay.bookingId, MANY - 1],
    );
  };

  it('stores and serves a large account in chunks of limited size', async () => {
    const author = testUser();
    await manyReviews(author);
    const exportId = randomUUID();
    const part = await exportOf(author, exportId);
    expect(new Set(part.reviewsWritten.map(({ id }) => id)).size).toBe(MANY);
    const rows = await rowsOf(exportId);
    expect(rows.length).toBeGreaterThan(10);
    // A chunk of 256 KiB and one record, encrypted in base64.
    for (const { content } of rows) expect(content.length).toBeLessThan(400_000);
  });

  it('publishes one event; a request that is delivered again changes nothing', async () => {
    const { stay } = await reviews.createPublished();
    const exportId = randomUUID();
    const first = await exportOf(stay.guest, exportId);
    const rows = await rowsOf(exportId);
    await reviews.createPublished({ guest: stay.guest });
    await request(stay.guest, exportId, 2);
    await reviews.service.get(AccountExporter).exportDue();
    expect(await rowsOf(exportId)).toEqual(rows);
    expect((await read(stay.guest, exportId)).body).toEqual(first);
    expect(await readyParts(exportId)).toEqual([
      { userId: stay.guest.id, requestId: exportId, fileKey: `account_export/${exportId}` },
    ]);
  });

  it('starts again after a crash, without the chunks of the interrupted run', async () => {
    const { stay } = await reviews.createPublished();
    const exportId = randomUUID();
    await reviews.service.query(
      `INSERT INTO account_export (export_id, user_id, due_at, attempt, expires_at)
       VALUES ($1, $2, now() - interval '1 second', 1, now() + interval '7 days')`,
      [exportId, stay.guest.id],
    );
    await reviews.service.query(`INSERT INTO account_export_chunk VALUES ($1, 1, 0, 'interrupted')`, [
      exportId,
    ]);
    expectProblem(await read(stay.guest, exportId), 404, 'export.not_found');
    await reviews.service.get(AccountExporter).exportDue();
    expect((await read(stay.guest, exportId)).body.reviewsWritten).toHaveLength(1);
    expect((await rowsOf(exportId)).map(({ content }) => content)).not.toContain('interrupted');
    expect(await readyParts(exportId)).toHaveLength(1);
  });

  it('is repeated after a failure', async () => {
    const { stay } = await reviews.createPublished();
    const exportId = randomUUID();
    await reviews.service.query('ALTER TABLE review_report RENAME TO review_report_away');
    try {
      await request(stay.guest, exportId);
      await eventually(async () => {
        const rows = await reviews.service.query(
          `SELECT FROM account_export WHERE export_id = $1 AND attempt = 1 AND due_at < now() + interval '61 seconds'`,
          [exportId],
        );
        expect(rows).toHaveLength(1);
      });
    } finally {
      await reviews.service.query('ALTER TABLE review_report_away RENAME TO review_report');
    }
    expect(await readyParts(exportId)).toEqual([]);
    await reviews.service.query(
      `UPDATE account_export SET due_at = now() - interval '1 second' WHERE export_id = $1`,
      [exportId],
    );
    await reviews.service.get(AccountExporter).exportDue();
    expect(await readyParts(exportId)).toHaveLength(1);
  });
});

describe('the file', () => {
  it('is 404 for another user', async () => {
    const { stay } = await reviews.createPublished();
    const exportId = randomUUID();
    await exportOf(stay.guest, exportId);
    expectProblem(await read(stay.host, exportId), 404, 'export.not_found');
    expectProblem(
      await reviews.service.anonymous.get(`/v1/me/exports/${exportId}/file`),
      401,
      'auth.missing_token',
    );
  });

  it('is deleted when it expires', async () => {
    const { stay } = await reviews.createPublished();
    const [expired, current] = [randomUUID(), randomUUID()];
    await exportOf(stay.guest, expired);
    await exportOf(stay.guest, current);
    await reviews.service.query(
      `UPDATE account_export SET expires_at = now() - interval '1 second' WHERE export_id = $1`,
      [expired],
    );
    expectProblem(await read(stay.guest, expired), 404, 'export.not_found');
    await reviews.service.get(AccountExporter).deleteExpired();
    expect(await rowsOf(expired)).toEqual([]);
    expect((await read(stay.guest, current)).status).toBe(200);
  });

  it('is deleted with the account; a request that arrives after the erasure writes none', async () => {
    const { stay } = await reviews.createPublished();
    const [before, after] = [randomUUID(), randomUUID()];
    await exportOf(stay.guest, before);
    await reviews.service.deliver('privacy.erasure-requested', {
      userId: stay.guest.id,
      requestId: randomUUID(),
    });
    await eventually(async () => expect(await rowsOf(before)).toEqual([]));
    await request(stay.guest, after);
    await reviews.service.get(AccountExporter).exportDue();
    expect(
      await reviews.service.query('SELECT FROM account_export WHERE user_id = $1', [stay.guest.id]),
    ).toEqual([]);
  });
});
