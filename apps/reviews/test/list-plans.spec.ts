import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { plansOf } from '@roost/testing';
import { dueStays, pendingOf } from '../src/stay/stay.queries.js';
import { reviewsOf } from '../src/review/review.queries.js';
import { type ReviewsUnderTest, startReviews } from './reviews.fixture.js';

const STAYS = 20_000;
const now = new Date('2027-05-12T16:00:00Z');
const listingId = randomUUID();
const personId = randomUUID();

let reviews: ReviewsUnderTest;
beforeAll(async () => {
  reviews = await startReviews();
  // A few of very many are asked for; half of the stays may still be reviewed, a tenth has one unpublished review.
  await reviews.service.query(
    `INSERT INTO stay (booking_id, listing_id, host_id, guest_id, check_in_date, check_out_date, closes_at, guest_wrote,
       host_wrote, due_at)
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
     SELECT gen_random_uuid(), booking_id, listing_id, 'guest_to_listing', guest_id, host_id, listing_id, 5, '{}', 'Good.',
       closes_at, CASE WHEN due_at IS NULL THEN closes_at END
     FROM stay WHERE guest_wrote`,
  );
  await reviews.service.query(
    `INSERT INTO review_report (id, review_id, reporter_id, reason, status, created_at, closed_at, closed_by)
     SELECT uuidv7(), id, gen_random_uuid(), 'spam', 'dismissed', now(), now(), gen_random_uuid() FROM review`,
  );
  await reviews.service.query('ANALYZE');
}, 60_000);
afterAll(() => reviews.close());

const plans = (work: (em: EntityManager) => Promise<unknown>) =>
  plansOf(reviews.service, /from (stay|review)/i, work);

const first = { after: null, limit: 21 };
const further = { after: { publishedAt: now, id: randomUUID() }, limit: 21 };

test.each<[string, string, (em: EntityManager) => Promise<unknown>]>([
  ['of a listing', 'review_listing', (em) => reviewsOf(em, { kind: 'listing' }, [listingId], first)],
  [
    'of a listing, further on',
    'review_listing',
    (em) => reviewsOf(em, { kind: 'listing' }, [listingId], further),
  ],
  [
    'of a hundred listings',
    'review_listing',
    (em) =>
      reviewsOf(
        em,
        { kind: 'listing' },
        [listingId, ...Array.from({ length: 99 }, () => randomUUID())],
        first,
      ),
  ],
  ['of a person', 'review_recipient', (em) => reviewsOf(em, { kind: 'person' }, [personId], first)],
  [
    'of a person as a host, further on',
    'review_recipient',
    (em) => reviewsOf(em, { kind: 'person', direction: 'guest_to_listing' }, [personId], further),
  ],
  ['pending', 'stay_guest_pending', (em) => pendingOf(em, personId, now, first)],
  ['pending as a host', 'stay_host_pending', (em) => pendingOf(em, personId, now, first)],
  ['due', 'stay_due', (em) => dueStays(em, now, 200)],
])('%s: from an index, no scan of everything', async (_, index, work) => {
  const plan = await plans(work);
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/Seq Scan/);
});

test('the queue of open reports does not read the closed ones', async () => {
  const rows = await reviews.service.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT id FROM review_report WHERE status = 'open' AND id > '00000000-0000-0000-0000-000000000000' ORDER BY id LIMIT 21`,
  );
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('review_report_queue');
  expect(plan).not.toMatch(/Seq Scan|Sort/);
});

test('a question that has no index would be seen', async () => {
  const plan = await plans((em) => em.execute(`SELECT id FROM review WHERE text = 'Good!' LIMIT 21`));
  expect(plan).toMatch(/Seq Scan/);
});
