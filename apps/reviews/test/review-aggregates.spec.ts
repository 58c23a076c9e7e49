import type { AuthUser } from '@roost/http';
import { inLanes, testUser } from '@roost/testing';
import fc from 'fast-check';
import { ModerationService } from '../src/moderation/moderation.service.js';
import { ReviewService } from '../src/review/review.service.js';
import { GUEST_CATEGORIES, HOST_CATEGORIES, type ReviewsFixture, startReviews } from './reviews.fixture.js';

const RATINGS = 25_000;
const OPERATIONS = 5_000;
const EXTERNAL = 1_000;
const SEED = 20_270_512;
const LANES = 8;
/** Few enough that many operations change the same rating at the same time. */
const SUBJECTS = 400;

interface Totals {
  subjectId: string;
  count: number;
  overallSum: number;
  categorySums: Record<string, number>;
  histogram: number[];
}

/** The totals of all subjects with visible ratings, from the definition and without code of the service. */
const RECOMPUTED = `
  WITH visible AS (SELECT * FROM review
                    WHERE published_at IS NOT NULL AND hidden_at IS NULL AND external_id IS NULL),
  category AS (SELECT subject_id, c.key AS name, sum(c.value::int) AS total
                 FROM visible, jsonb_each_text(categories) AS c GROUP BY 1, 2),
  by_category AS (SELECT subject_id, jsonb_object_agg(name, total) AS sums FROM category GROUP BY 1)
  SELECT subject_id, count(*)::int AS count, sum(overall)::int AS overall_sum,
         (SELECT sums FROM by_category c WHERE c.subject_id = v.subject_id) AS category_sums,
         jsonb_build_array(count(*) FILTER (WHERE overall = 1), count(*) FILTER (WHERE overall = 2),
           count(*) FILTER (WHERE overall = 3), count(*) FILTER (WHERE overall = 4),
           count(*) FILTER (WHERE overall = 5)) AS histogram
    FROM visible v GROUP BY subject_id`;

/** The totals in the newest event of each listing. */
const NEWEST_PUBLISHED = `
  SELECT DISTINCT ON (key) key AS "subjectId", (body ->> 'count')::int AS count,
         (body ->> 'overallSum')::int AS "overallSum", body -> 'categorySums' AS "categorySums",
         body -> 'histogram' AS histogram
    FROM outbox_event WHERE type = 'rating.changed' ORDER BY key, aggregate_version DESC`;

/** A UUID that depends only on the text; the contracts of events require a version and a variant. */
const uuid = (text: string) => `overlay(overlay(md5(${text}) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid`;

/** A score from 1 to 5 that depends only on the stay and the name. */
const score = (name: string) => `1 + abs(hashtext(booking_id || direction || '${name}') % 5)`;

let reviews: ReviewsFixture;
beforeAll(async () => {
  reviews = await startReviews();
  await reviews.service.clock.set('2027-05-12T16:00:00Z');
});
afterAll(() => reviews.close());

const readTotals = (from: string) =>
  reviews.service.query<Totals>(
    `SELECT subject_id AS "subjectId", count, overall_sum AS "overallSum", category_sums AS "categorySums", histogram
       FROM ${from} AS totals ORDER BY subject_id`,
  );

/** Inserts published ratings of listings and guests, their totals, external reviews, and stays that only the guest has reviewed. */
async function insertRatings(unpublishedStays: number): Promise<void> {
  await reviews.service.query(
    `INSERT INTO reviewable_stay (booking_id, listing_id, host_id, guest_id, check_in_date, check_out_date, closes_at,
       guest_reviewed, host_reviewed, due_at)
     SELECT ${uuid(`'stay' || n`)}, ${uuid(`'listing' || n % $2`)}, ${uuid(`'host' || n % $2`)},
       ${uuid(`'guest' || abs(hashtext('guest of ' || n) % $2)`)}, '2027-05-10', '2027-05-12', '2027-05-26T15:00:00Z',
       true, n <= $1, CASE WHEN n > $1 THEN timestamptz '2027-05-26T15:00:00Z' END
     FROM generate_series(1, $1::int + $3::int) n`,
    [RATINGS / 2, SUBJECTS, unpublishedStays],
  );
  for (const { direction, author, recipient, subject, categories } of [
    {
      direction: 'guest_to_listing',
      author: 'guest',
      recipient: 'host',
      subject: 'listing',
      categories: GUEST_CATEGORIES,
    },
    {
      direction: 'host_to_guest',
      author: 'host',
      recipient: 'guest',
      subject: 'guest',
      categories: HOST_CATEGORIES,
    },
  ]) {
    const scores = categories.map((name) => `'${name}', ${score(name)}`).join(', ');
    await reviews.service.query(
      `INSERT INTO review (id, booking_id, listing_id, direction, author_id, recipient_id, subject_id, overall, categories,
         text, written_at, published_at)
       SELECT ${uuid('booking_id || direction')}, booking_id, listing_id, direction, ${author}_id, ${recipient}_id,
         ${subject}_id, ${score('overall')}, jsonb_build_object(${scores}), 'A text.', '2027-05-12T15:30:00Z',
         CASE WHEN host_reviewed THEN timestamptz '2027-05-12T15:30:00Z' END
       FROM reviewable_stay, (VALUES ('${direction}')) AS d (direction) WHERE ${author}_reviewed`,
    );
  }
  await reviews.service.query(
    `INSERT INTO rating (subject_id, count, overall_sum, category_sums, histogram)
     SELECT subject_id, count, overall_sum, category_sums, histogram FROM (${RECOMPUTED}) AS totals`,
  );
  await reviews.service.query(
    `INSERT INTO review (id, listing_id, direction, subject_id, text, written_at, published_at, external_id, external_author)
     SELECT ${uuid(`'external' || n`)}, listing, 'guest_to_listing', listing, 'A text.', '2026-05-12', '2026-05-12',
       'elsewhere/' || n, 'Zoë'
     FROM generate_series(1, $1::int) n, LATERAL (SELECT ${uuid(`'listing' || n % $2`)} AS listing) AS l`,
    [EXTERNAL, SUBJECTS],
  );
  await reviews.service.query('ANALYZE');
}

/** Removes an element, so that no two operations have the same review at the same time. */
function take<T>(list: T[], choice: number): T | undefined {
  const index = choice % list.length;
  const last = list.pop();
  if (last === undefined || index === list.length) return last;
  const [taken] = list.splice(index, 1, last);
  return taken;
}

test('aggregates equal a recomputation on 25,000 ratings after 5,000 random publish, hide and restore operations', async () => {
  const operations = fc.sample(
    fc.record({ kind: fc.constantFrom('publish', 'hide', 'restore'), choice: fc.nat() }),
    { numRuns: OPERATIONS, seed: SEED },
  );
  const publications = operations.filter(({ kind }) => kind === 'publish').length;
  await insertRatings(publications);
  expect(await reviews.service.query('SELECT FROM review WHERE published_at IS NOT NULL')).toHaveLength(
    RATINGS + EXTERNAL,
  );

  const admin: AuthUser = { ...testUser({ roles: ['admin'] }), emailVerified: true, authTime: new Date() };
  const moderation = reviews.service.get(ModerationService);
  const writer = reviews.service.get(ReviewService);
  const visible = (
    await reviews.service.query<{ id: string }>(
      'SELECT id FROM review WHERE published_at IS NOT NULL ORDER BY id',
    )
  ).map(({ id }) => id);
  const hidden: string[] = [];
  const waiting = await reviews.service.query<{ bookingId: string; hostId: string }>(
    `SELECT booking_id AS "bookingId", host_id AS "hostId" FROM reviewable_stay WHERE due_at IS NOT NULL`,
  );
  const done = { publish: 0, hide: 0, restore: 0 };
  await inLanes(operations, LANES, async ({ kind, choice }) => {
    if (kind === 'publish') {
      const stay = take(waiting, choice);
      if (!stay) throw new Error('no stay is left to publish');
      const star = 1 + (choice % 5);
      const categories = Object.fromEntries(HOST_CATEGORIES.map((name, n) => [name, 1 + ((choice + n) % 5)]));
      // The second review of the stay publishes both.
      const { id } = await writer.write({ ...admin, id: stay.hostId }, stay.bookingId, {
        overall: star,
        categories,
        text: 'A text.',
      });
      visible.push(id);
      done.publish += 1;
      return;
    }
    // Without hidden reviews the first of them is hidden instead.
    const restored = kind === 'restore' ? take(hidden, choice) : undefined;
    if (restored) {
      await moderation.restore(admin, restored);
      visible.push(restored);
      done.restore += 1;
      return;
    }
    const id = take(visible, choice);
    if (!id) throw new Error('no review is left to hide');
    await moderation.hide(admin, id, 'A reason');
    hidden.push(id);
    done.hide += 1;
  });
  expect(done.publish + done.hide + done.restore).toBe(OPERATIONS);
  for (const count of Object.values(done)) expect(count).toBeGreaterThan(OPERATIONS / 4);

  const expected = await readTotals(`(${RECOMPUTED})`);
  expect(expected.length).toBeGreaterThan(SUBJECTS);
  const stored = await readTotals('rating');
  expect(stored.filter(({ count }) => count > 0)).toEqual(expected);
  for (const { overallSum, categorySums, histogram, count } of stored) {
    if (count > 0) continue;
    expect({ overallSum, histogram }).toEqual({ overallSum: 0, histogram: [0, 0, 0, 0, 0] });
    expect(Object.values(categorySums).filter((sum) => sum !== 0)).toEqual([]);
  }

  const published = await reviews.service.query<Totals>(NEWEST_PUBLISHED);
  // Most of the listings: the operations are random.
  expect(published.length).toBeGreaterThan(SUBJECTS / 2);
  const storedOf = new Map(stored.map((totals) => [totals.subjectId, totals]));
  expect(published).toEqual(published.map(({ subjectId }) => storedOf.get(subjectId)));
}, 300_000);
