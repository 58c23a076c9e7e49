import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { queryPlans } from '@roost/testing';
import { countExternalReviews } from '../src/rating/rating.queries.js';
import { findPublicReviews } from '../src/review/review.queries.js';
import { findDueStays, findPendingStays } from '../src/reviewable-stay/reviewable-stay.queries.js';
import { type ReviewsFixture, startReviews } from './reviews.fixture.js';

const STAYS = 20_000;
const now = new Date('2027-05-12T16:00:00Z');
const listingId = randomUUID();
const personId = randomUUID();

let reviews: ReviewsFixture;
beforeAll(async () => {
  reviews = await startReviews();
  // Queries select a few of many rows. Half of the stays may still be reviewed, a tenth has one unpublished review.
  await reviews.service.query(
    `INSERT INTO reviewable_stay (booking_id, listing_id, host_id, guest_id, check_in_date, check_out_date, closes_at, guest_reviewed,
       host_reviewed, due_at)
     SELECT gen_random_uuid(), CASE WHEN n % 400 = 0 THEN $1::uuid ELSE gen_random_uuid() END,
       CASE WHEN n % 400 = 0 THEN $2::uuid ELSE gen_random_uuid() END,
       CASE WHEN n % 401 = 0 THEN $2::uuid ELSE gen_random_uuid() END, '2027-05-10', '2027-05-12',
       $3::timestamptz + n * interval '1 minute' - interval '7 days', n % 2 = 0, n % 2 = 0 AND n % 20 > 0,
       CASE WHEN n % 20 = 0 THEN $3::timestamptz + n * interval '1 minute' - interval '7 days' END
     FROM generate_series(1, $4::int) n`,
    [listingId, personId, now, STAYS],
  );
  await reviews.service.query(
    `INSERT INTO review (id, booking_id, listing_id, direction, author_id, recipient_id, subject_id, overall, categories,
       text, written_at, published_at)
     SELECT gen_random_uuid(), booking_id, listing_id, 'guest_to_listing', guest_id, host_id, listing_id,
       1 + (abs(hashtext(booking_id::text)) % 5), '{}', 'Good.',
       closes_at, CASE WHEN due_at IS NULL THEN closes_at END
     FROM reviewable_stay WHERE guest_reviewed`,
  );
  await reviews.service.query(
    `INSERT INTO listing (listing_id, version, host_id, status)
     SELECT DISTINCT listing_id, 1, host_id, 'published' FROM reviewable_stay ON CONFLICT DO NOTHING`,
  );
  await reviews.service.query(
    `INSERT INTO review (id, listing_id, direction, subject_id, text, written_at, published_at, external_id, external_author)
     SELECT gen_random_uuid(), listing_id, 'guest_to_listing', listing_id, 'Good.', $1, $1, 'elsewhere/' || listing_id, 'Zoë'
     FROM listing`,
    [now],
  );
  await reviews.service.query(
    `INSERT INTO review_report (id, review_id, reporter_id, reason, status, created_at, closed_at, closed_by)
     SELECT uuidv7(), id, gen_random_uuid(), 'spam', 'dismissed', now(), now(), gen_random_uuid() FROM review`,
  );
  await reviews.service.query('ANALYZE');
}, 60_000);
afterAll(() => reviews.close());

const plans = (work: (em: EntityManager) => Promise<unknown>) =>
  queryPlans(reviews.service, /from review/i, work);

const first = { after: null, limit: 21 };
const position = { overall: 5, publishedAt: now, id: randomUUID() };
const newest = { order: { sort: 'newest', after: null }, limit: 21 } as const;
const nextPage = { order: { sort: 'newest', after: position }, limit: 21 } as const;
const highest = { order: { sort: 'highest_rating', after: position }, limit: 21 } as const;
const lowest = { order: { sort: 'lowest_rating', after: null }, limit: 21 } as const;

test.each<[string, string, (em: EntityManager) => Promise<unknown>]>([
  [
    'reviews of a listing',
    'review_listing',
    (em) => findPublicReviews(em, { kind: 'listing' }, [listingId], newest),
  ],
  [
    'a later page of a listing',
    'review_listing',
    (em) => findPublicReviews(em, { kind: 'listing' }, [listingId], nextPage),
  ],
  [
    'reviews of a hundred listings',
    'review_listing',
    (em) =>
      findPublicReviews(
        em,
        { kind: 'listing' },
        [listingId, ...Array.from({ length: 99 }, () => randomUUID())],
        newest,
      ),
  ],
  [
    'reviews of a user',
    'review_recipient',
    (em) => findPublicReviews(em, { kind: 'person' }, [personId], newest),
  ],
  [
    'a later page of a user as a host',
    'review_recipient',
    (em) => findPublicReviews(em, { kind: 'person', direction: 'guest_to_listing' }, [personId], nextPage),
  ],
  [
    'the best reviews of a listing',
    'review_listing_rating',
    (em) => findPublicReviews(em, { kind: 'listing' }, [listingId], highest),
  ],
  [
    'the worst reviews of a user',
    'review_recipient_rating',
    (em) => findPublicReviews(em, { kind: 'person' }, [personId], lowest),
  ],
  [
    'the reviews of a listing with one rating',
    'review_listing_rating',
    (em) => findPublicReviews(em, { kind: 'listing' }, [listingId], { ...newest, overall: 4 }),
  ],
  [
    'pending reviews as a guest',
    'reviewable_stay_guest_pending',
    (em) => findPendingStays(em, personId, now, first),
  ],
  [
    'pending reviews as a host',
    'reviewable_stay_host_pending',
    (em) => findPendingStays(em, personId, now, first),
  ],
  ['due stays', 'reviewable_stay_due', (em) => findDueStays(em, now, 200)],
])('reads %s from an index', async (_, index, work) => {
  const plan = await plans(work);
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/Seq Scan/);
});

test('counts the external reviews of a host from indexes', async () => {
  const plan = await plans((em) => countExternalReviews(em, 'host', [personId]));
  expect(plan).toContain('review_external');
  expect(plan).not.toMatch(/Seq Scan on (review|listing)\b/);
});

test('reads open reports without the closed ones', async () => {
  const rows = await reviews.service.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT id FROM review_report WHERE status = 'open' AND id > '00000000-0000-0000-0000-000000000000' ORDER BY id LIMIT 21`,
  );
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('review_report_queue');
  expect(plan).not.toMatch(/Seq Scan|Sort/);
});

test('detects a query without an index', async () => {
  const plan = await plans((em) => em.execute(`SELECT id FROM review WHERE text = 'Good!' LIMIT 21`));
  expect(plan).toMatch(/Seq Scan/);
});
