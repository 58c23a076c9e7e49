import { jest } from '@jest/globals';
import { expectProblem, TestClient } from '@roost/testing';
import { expectAgreement } from './agreement.fixture.js';
import { ErasureScenario, type Person, wordsOf } from './erasure.fixture.js';
import { type Env, freshEnvironment, run, stopAll } from './launcher.js';
import { Operator, rebuildProjections } from './operator.fixture.js';

jest.setTimeout(600_000);

let operator: Operator;
let scenario: ErasureScenario;
let anyone: TestClient;
beforeAll(async () => {
  const env: Env = { ...(await freshEnvironment()), RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'error' };
  await run(env).prints('Roost is ready');
  anyone = new TestClient(`http://127.0.0.1:${env.PORT}`);
  operator = new Operator(env);
  scenario = await ErasureScenario.prepare(env, operator, anyone);
});
afterAll(async () => {
  operator?.stop();
  await stopAll();
});

const tracesOf = (person: Person) => scenario.tracesOf(person);
const reviewsOf = ({ word }: Person) => scenario.tablesWith(word.replace('-', '+'));

test('a guest is erased from every table of every service; reviews stay without their author', async () => {
  const { guest } = scenario;
  expect(await tracesOf(guest)).toEqual(
    expect.arrayContaining([
      'bookings.message',
      'identity.mail',
      'identity.outbox_event',
      'identity.user_account',
      'listings.idempotency_key',
      'listings.wishlist',
      'payments.party_name',
      'reviews.author',
      'reviews.review_report',
    ]),
  );
  await scenario.erase(guest);
  await scenario.expectRefused(guest);
  await scenario.complete(guest);
  expect(await tracesOf(guest)).toEqual([]);
  await scenario.expectNoAvatar(guest);
  expect(await reviewsOf(guest)).toEqual(['reviews.review']);
  const { body } = await anyone.get<{ data: { authorName: unknown }[] }>(
    `/v1/listings/${scenario.listingId}/reviews`,
  );
  expect(body.data).toMatchObject([{ overall: 5, authorName: null }]);
});

test('a host is erased with their listing and its photos; papers keep its title', async () => {
  const { host } = scenario;
  expect(await tracesOf(host)).toEqual(
    expect.arrayContaining([
      'bookings.calendar_block',
      'bookings.calendar_feed',
      'listings.listing',
      'listings.outbox_event',
    ]),
  );
  expect(scenario.photoFiles()).not.toEqual([]);
  await scenario.erase(host);
  await scenario.expectRefused(host);
  await scenario.complete(host);
  expect(await tracesOf(host)).toEqual([]);
  await scenario.expectNoAvatar(host);
  expect(scenario.photoFiles()).toEqual([]);
  expect(await scenario.tablesWith('A flat at the end of the line')).toEqual([
    'payments.paid_stay',
    'payments.paper',
  ]);
  expectProblem(await anyone.get(`/v1/listings/${scenario.listingId}`), 404, 'listing.not_found');
  expect(
    await operator.query(
      'payments',
      'SELECT reference, reference_end FROM payout_account WHERE host_id = $1',
      [host.id],
    ),
  ).toEqual([{ reference: '', reference_end: '----' }]);
});

test('Redis has no trace of either', async () => {
  const redis = scenario.redis();
  for (const person of [scenario.guest, scenario.host]) {
    await redis.hset('sample', 'value', `of ${person.word}`);
    expect(await scenario.redisKeysWith(...wordsOf(person))).toEqual(['sample']);
    await redis.del('sample');
    expect(await scenario.redisKeysWith(...wordsOf(person))).toEqual([]);
  }
  redis.disconnect();
});

test('the books agree, and rebuilt projections have no trace of either', async () => {
  await expectAgreement(operator);
  await rebuildProjections(operator);
  for (const person of [scenario.guest, scenario.host]) {
    expect(await tracesOf(person)).toEqual([]);
    await scenario.expectRefused(person);
  }
});

test('a rebuild without any event of the guest, as after a compaction, does not bring them back', async () => {
  const { guest } = scenario;
  await operator.query('identity', `DELETE FROM outbox_event WHERE topic = 'identity.user' AND key = $1`, [
    guest.id,
  ]);
  for (const service of ['listings', 'bookings', 'payments', 'reviews']) {
    await operator.json('replay', 'projections', service, '--yes');
    expect(
      await operator.query(service, 'SELECT 1 FROM account_standing WHERE user_id = $1', [guest.id]),
    ).toEqual([]);
  }
  expect(await tracesOf(guest)).toEqual([]);
  // Not by the ended session: that row is deleted when the tokens have expired.
  for (const service of ['listings', 'bookings', 'payments', 'reviews'])
    await operator.query(service, 'DELETE FROM ended_session');
  await scenario.expectRefused(guest);
});
