import { randomUUID } from 'node:crypto';
import { AccountEraser } from '@roost/accounts';
import { eventually, golden, type TestUser } from '@roost/testing';
import { DUE, PayoutsUnderTest, SHARE } from './payouts.fixture.js';

let payouts: PayoutsUnderTest;
beforeAll(async () => {
  payouts = await PayoutsUnderTest.start();
});
afterAll(() => payouts.close());

const deliverErased = ({ id }: { id: string }) =>
  payouts.service.deliver('user.erased', { ...golden('user.erased'), userId: id }, { version: 9 });
const requestErasure = ({ id }: { id: string }) =>
  payouts.service.deliver('privacy.erasure-requested', { userId: id, requestId: randomUUID() });

/** Runs the last erasure, as when all tokens of the user have expired. */
async function runLastErasure({ id }: { id: string }): Promise<void> {
  await eventually(async () => {
    const last = await payouts.service.query(
      `UPDATE account_erasure SET due_at = now() - interval '1 second' WHERE user_id = $1 AND last RETURNING true`,
      [id],
    );
    expect(last).toHaveLength(1);
  });
  await payouts.service.get(AccountEraser).eraseDue();
}

const isComplete = async ({ id }: { id: string }) =>
  (await payouts.service.published('privacy.erasure-completed')).some(({ userId }) => userId === id);
const accountsOf = ({ id }: TestUser) =>
  payouts.service.query('SELECT reference, reference_end FROM payout_account WHERE host_id = $1', [id]);
const ERASED = [{ reference: '', reference_end: '----' }];

test('the account of a paid host is erased, and the books still agree', async () => {
  const host = await payouts.givenHost();
  await payouts.givenStay(host);
  await payouts.service.clock.set(DUE);
  await payouts.becomes(host, [['paid', SHARE]]);
  await payouts.payments.webhooksHandled();
  await deliverErased(host);
  await requestErasure(host);
  await runLastErasure(host);
  expect(await isComplete(host)).toBe(true);
  expect(await accountsOf(host)).toEqual(ERASED);
  expect(await payouts.payments.reconcile()).toMatchObject({ balanced: true, differences: [] });
});

test('the account of a payout in transit is erased once it is paid', async () => {
  const host = await payouts.givenHost();
  await payouts.givenStay(host);
  await payouts.plan('pending');
  await payouts.service.clock.set(DUE);
  const transfer = await payouts.transferTo(host);
  await deliverErased(host);
  await requestErasure(host);
  await runLastErasure(host);
  expect(await isComplete(host)).toBe(false);
  expect(await accountsOf(host)).not.toEqual(ERASED);
  await payouts.sandbox.request('POST', `/control/transfers/${transfer.id}/paid`);
  await eventually(async () =>
    expect(await payouts.service.query('SELECT status FROM payout WHERE host_id = $1', [host.id])).toEqual([
      { status: 'paid' },
    ]),
  );
  await payouts.payments.webhooksHandled();
  await runLastErasure(host);
  expect(await isComplete(host)).toBe(true);
  expect(await accountsOf(host)).toEqual(ERASED);
});

test('the secrets of the payments of a guest are deleted', async () => {
  const host = await payouts.givenHost();
  const { bookingId, guestId } = await payouts.givenStay(host);
  await payouts.payments.webhooksHandled();
  const secrets = () =>
    payouts.service.query(
      `SELECT bool_or(num_nonnulls(p.client_secret, p.redirect_url) > 0) AS payment,
         bool_or(num_nonnulls(o.payment_method, o.return_url) > 0) AS operation
       FROM payment p JOIN payment_operation o ON o.payment_id = p.id WHERE p.booking_id = $1 GROUP BY p.id`,
      [bookingId],
    );
  expect(await secrets()).toEqual([{ payment: true, operation: true }]);
  await deliverErased({ id: guestId });
  await requestErasure({ id: guestId });
  await runLastErasure({ id: guestId });
  expect(await isComplete({ id: guestId })).toBe(true);
  expect(await secrets()).toEqual([{ payment: false, operation: false }]);
});

test('an erasure completes only after user.erased, which may arrive later', async () => {
  const user = { id: randomUUID() };
  await payouts.service.deliver(
    'user.profile-changed',
    { ...golden('user.profile-changed'), userId: user.id, displayName: 'Xylophone' },
    { version: 8 },
  );
  await requestErasure(user);
  await runLastErasure(user);
  expect(await payouts.service.tablesWith('Xylophone')).toEqual([]);
  expect(await isComplete(user)).toBe(false);
  await deliverErased(user);
  await runLastErasure(user);
  expect(await isComplete(user)).toBe(true);
});
