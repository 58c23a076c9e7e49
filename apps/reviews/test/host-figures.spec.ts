import { randomUUID } from 'node:crypto';
import type { EventBody } from '@roost/contracts';
import { eventually, expectProblem, golden, testUser, type TestUser } from '@roost/testing';
import { type ReviewsFixture, startReviews } from './reviews.fixture.js';

interface Figures {
  superhost: boolean;
  responseRate: number | null;
  medianResponseMinutes: number | null;
  completedStays: number;
  evaluatedAt: string | null;
}

const NO_FIGURES: Figures = {
  superhost: false,
  responseRate: null,
  medianResponseMinutes: null,
  completedStays: 0,
  evaluatedAt: null,
};
const START = '2027-05-12T16:00:00Z';

describe('the figures of hosts', () => {
  let reviews: ReviewsFixture;
  let host: TestUser;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(async () => {
    host = testUser({ roles: ['host'] });
    await reviews.service.clock.set(START);
  });
  afterAll(() => reviews.close());

  const deliver = (version: number, other: Partial<EventBody<'host.figures-changed'>> = {}) =>
    reviews.service.deliver(
      'host.figures-changed',
      { ...golden('host.figures-changed'), hostId: host.id, ...other },
      { version },
    );
  /** A move of the clock runs the evaluation before it returns. */
  const evaluate = () => reviews.service.clock.advance('PT1S');
  const read = async (id = host.id) => {
    const response = await reviews.service.anonymous.get<Figures>(`/v1/users/${id}/host-figures`);
    expect(response.status).toBe(200);
    return response.body;
  };
  const setStatus = (type: 'user.suspended' | 'user.reinstated' | 'user.erased', version: number) =>
    reviews.service.deliver(type, { ...golden(type), userId: host.id }, { version });

  test('200: shows the figures of bookings, and a superhost', async () => {
    await reviews.createPublished({ host, guestInput: { overall: 5 } });
    await deliver(1);
    await evaluate();
    expect(await read()).toEqual({
      superhost: true,
      responseRate: 0.95,
      medianResponseMinutes: 47,
      completedStays: 14,
      evaluatedAt: expect.stringMatching(/^2027-05-12T16:0/) as string,
    });
    expect(await read(host.id.toUpperCase())).toEqual(await read());
    expect(await read(randomUUID())).toEqual(NO_FIGURES);
    const { data, errors } = await reviews.service.anonymous.graphql(
      `query ($of: [_Any!]!) { _entities(representations: $of) {
        ... on User { hostFigures { superhost responseRate medianResponseMinutes completedStays } } } }`,
      { of: [host.id, randomUUID()].map((id) => ({ __typename: 'User', id })) },
    );
    expect(errors).toEqual([]);
    expect(data).toMatchObject({
      _entities: [
        { hostFigures: { superhost: true, responseRate: 0.95, completedStays: 14 } },
        { hostFigures: { superhost: false, responseRate: null, completedStays: 0 } },
      ],
    });
  });

  test('evaluates once a day by the visible reviews of the last 365 days', async () => {
    const { ofListing } = await reviews.createPublished({ host, guestInput: { overall: 5 } });
    await deliver(1);
    await evaluate();
    const { ofListing: bad } = await reviews.createPublished({ host, guestInput: { overall: 1 } });
    // Reviews of the host as a guest do not count.
    await reviews.createPublished({ guest: host, hostInput: { overall: 1 } });
    await reviews.service.clock.advance('PT23H');
    expect((await read()).superhost).toBe(true);
    await reviews.service.clock.advance('PT1H');
    expect((await read()).superhost).toBe(false);
    const hide = (id: string) =>
      reviews.as(reviews.admin).post(`/v1/admin/reviews/${id}/hide`, { reason: 'Not about the stay' });
    await hide(bad.id);
    await reviews.service.clock.advance('P1D');
    expect((await read()).superhost).toBe(true);
    await reviews.service.clock.set(
      new Date(new Date(ofListing.publishedAt ?? '').getTime() + 366 * 86_400_000),
    );
    expect((await read()).superhost).toBe(false);
  });

  test('counts no review that is not published, or of a suspended listing', async () => {
    await reviews.createPublished({ host, guestInput: { overall: 5 } });
    const unpublished = await reviews.createStay({ host });
    await reviews.createReview(unpublished.guest, unpublished, { overall: 1 });
    const listingId = await reviews.createListing(host);
    await reviews.createPublished({ host, listingId, guestInput: { overall: 1 } });
    await deliver(1);
    await evaluate();
    expect((await read()).superhost).toBe(false);
    await reviews.suspendListing(host, listingId);
    await deliver(2);
    await evaluate();
    expect((await read()).superhost).toBe(true);
  });

  test('keeps evaluations during a rebuild of the figures', async () => {
    await reviews.createPublished({ host, guestInput: { overall: 5 } });
    await deliver(1);
    await evaluate();
    const before = await read();
    await reviews.service.query('DELETE FROM host_figures WHERE host_id = $1', [host.id]);
    await deliver(1);
    await evaluate();
    expect(before.superhost).toBe(true);
    expect(await read()).toEqual(before);
  });

  test('evaluates again when the figures have changed, and ignores older events', async () => {
    await reviews.createPublished({ host, guestInput: { overall: 5 } });
    await deliver(2);
    await evaluate();
    await deliver(3, { hostCancellations: 1 });
    await deliver(1, { completedStays: 99 });
    await evaluate();
    expect(await read()).toMatchObject({ superhost: false, completedStays: 14 });
  });

  test('shows no rate and no median for fewer than five responses due', async () => {
    await deliver(1, { responsesDue: 4, responsesInTime: 4 });
    await evaluate();
    expect(await read()).toMatchObject({
      responseRate: null,
      medianResponseMinutes: null,
      completedStays: 14,
    });
  });

  test('shows no figures of suspended hosts until they are reinstated', async () => {
    await deliver(1);
    await evaluate();
    await setStatus('user.suspended', 2);
    expect(await read()).toEqual(NO_FIGURES);
    await setStatus('user.reinstated', 3);
    expect((await read()).completedStays).toBe(14);
  });

  test('deletes the figures of erased hosts, and stores none that arrive later', async () => {
    await deliver(1);
    await evaluate();
    const stored = () =>
      reviews.service.query(
        `SELECT host_id FROM host_figures WHERE host_id = $1
         UNION ALL SELECT host_id FROM host_evaluation WHERE host_id = $1`,
        [host.id],
      );
    expect(await stored()).toHaveLength(2);
    await setStatus('user.erased', 2);
    await reviews.service.deliver('privacy.erasure-requested', { userId: host.id, requestId: randomUUID() });
    await eventually(async () => expect(await stored()).toEqual([]));
    await deliver(2);
    await evaluate();
    expect(await stored()).toEqual([]);
    expect(await read()).toEqual(NO_FIGURES);
  });

  test('evaluates more hosts than fit in one transaction', async () => {
    await reviews.service.query(
      `WITH host AS (
         INSERT INTO host_figures (host_id, version, completed_stays, completed_nights, host_cancellations,
           responses_due, responses_in_time)
         SELECT gen_random_uuid(), 1, 1, 1, 0, 0, 0 FROM generate_series(1, 250) RETURNING host_id)
       INSERT INTO host_evaluation (host_id, figures_version, due_at) SELECT host_id, 1, $1 FROM host`,
      [START],
    );
    await evaluate();
    expect(await reviews.service.query('SELECT FROM host_evaluation WHERE evaluated_at IS NULL')).toEqual([]);
  });

  test('400 for an invalid id', async () => {
    const response = await reviews.service.anonymous.get('/v1/users/1/host-figures');
    expectProblem(response, 400, 'request.invalid', 'userId');
  });
});
