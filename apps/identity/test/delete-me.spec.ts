import { randomUUID } from 'node:crypto';
import { AccountEraser } from '@roost/accounts';
import { services } from '@roost/contracts';
import { Metrics } from '@roost/platform';
import { eventually, expectProblem, golden } from '@roost/testing';
import { startIdentity, type TestAccount, type TestIdentity, uniqueAddress } from './identity.fixture.js';
import { createScenario } from './notification.fixture.js';
import { requestCode, uniquePhone, verifyPhone } from './phone.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.createUser();
});
afterAll(() => identity.close());

const erase = ({ accessToken }: TestAccount) => identity.with(accessToken).delete('/v1/me');

/** The part that a development account has in its address and in its name. */
const nameOf = ({ email }: TestAccount) => email.replace(/^dev-|@.*$/g, '');

const requestOf = async ({ id }: TestAccount) =>
  (await identity.service.published('privacy.erasure-requested')).find(({ userId }) => userId === id);

/** What the other services publish, and the second run of this one. */
async function complete(account: TestAccount): Promise<void> {
  const request = await requestOf(account);
  if (!request) throw new Error('no erasure was requested');
  for (const source of services.filter((name) => name !== 'identity'))
    await identity.service.deliver('privacy.erasure-completed', request, { source });
  await runLastErasure(account);
}

async function runLastErasure({ id }: TestAccount): Promise<void> {
  await eventually(async () => {
    const last = await identity.service.query(
      `UPDATE account_erasure SET due_at = now() - interval '1 second' WHERE user_id = $1 AND last RETURNING true`,
      [id],
    );
    expect(last).toHaveLength(1);
  });
  await identity.service.get(AccountEraser).eraseDue();
}

const obligationsOf = async (account: TestAccount) => {
  const response = await erase(account);
  expectProblem(response, 409, 'user.has_obligations');
  return response.body.obligations;
};

describe('202', () => {
  it('erases every trace of the account, ends its sessions and frees its address', async () => {
    const scenario = await createScenario(identity, { guestId: ada.id });
    await identity.with(ada.accessToken).patch('/v1/me', { bio: nameOf(ada), languages: ['en'] });
    const phones = [uniquePhone(), uniquePhone()] as const;
    await verifyPhone(identity, ada, phones[0]);
    await requestCode(identity, ada, phones[1]);
    await identity.with(ada.accessToken).post('/v1/me/email', { email: uniqueAddress() });
    await identity.anonymous.post('/v1/auth/forgot-password', { email: ada.email });
    await identity.logIn(ada.email, 'a wrong password');
    await scenario.request();
    const hostMail = await identity.mailsTo(scenario.host.email);
    expect(hostMail[0]?.text).toContain(nameOf(ada));
    await scenario.deliver('booking.declined', 'declined', {});
    expect(await identity.service.tablesWith(nameOf(ada))).toEqual(['mail', 'outbox_event', 'user_account']);

    expect(await erase(ada)).toMatchObject({ status: 202 });

    for (const trace of [nameOf(ada), ...phones])
      expect(await identity.service.tablesWith(trace)).toEqual([]);
    expect(await identity.mailsTo(scenario.host.email)).toEqual([]);
    for (const table of ['session', 'one_time_token', 'email_change', 'notification'])
      expect(await identity.service.query(`SELECT 1 FROM ${table} WHERE user_id = $1`, [ada.id])).toEqual([]);
    expectProblem(await erase(ada), 401, 'auth.invalid_token');
    expectProblem(await identity.refresh(ada.refreshToken), 401, 'auth.refresh_invalid');
    expectProblem(await identity.logIn(ada.email, ada.password), 401, 'auth.invalid_credentials');
    expectProblem(await identity.anonymous.get(`/v1/users/${ada.id}`), 404, 'user.not_found');
    expect(
      await identity.service.query('SELECT bio, public_bio, languages FROM user_account WHERE id = $1', [
        ada.id,
      ]),
    ).toEqual([{ bio: '', public_bio: '', languages: [] }]);
    const ended = await identity.service.published('session.ended');
    expect(ended.filter(({ userId }) => userId === ada.id)).toHaveLength(1);

    await identity.register(ada.email);
    const [again] = await identity.service.query<{ id: string }>(
      'SELECT id FROM user_account WHERE email = $1',
      [ada.email],
    );
    expect(again?.id).not.toBe(ada.id);
  });

  it('erases what a request in progress has written, and then ends the key of the user once', async () => {
    await erase(ada);
    await identity.service.query(
      `INSERT INTO mail (id, recipient, about, template, subject, text, html, created_at, sent_at)
       VALUES (uuidv7(), $1, ARRAY[$2]::uuid[], 'reset-password', '', '', '', now(), now())`,
      [ada.email, ada.id],
    );
    const erasedEvents = async () =>
      (await identity.service.published('user.erased')).filter(({ userId }) => userId === ada.id);
    expect(await erasedEvents()).toMatchObject([{ status: 'erased', displayName: '', roles: ['guest'] }]);
    await complete(ada);
    expect(await identity.service.tablesWith(nameOf(ada))).toEqual([]);
    await eventually(async () =>
      expect(await erasedEvents()).toMatchObject([
        {},
        { status: 'erased', displayName: '', completed: true },
      ]),
    );
    await complete(ada);
    expect(await erasedEvents()).toHaveLength(2);
  });

  it('erases the profile that an older replica has left', async () => {
    await erase(ada);
    await identity.service.query(
      `UPDATE user_account SET bio = 'A bio', public_bio = 'A bio', languages = '{en}', phone = '+12025550199',
         avatar_id = uuidv7()
       WHERE id = $1`,
      [ada.id],
    );
    await runLastErasure(ada);
    expect(
      await identity.service.query(
        'SELECT bio, public_bio, languages, phone, avatar_id FROM user_account WHERE id = $1',
        [ada.id],
      ),
    ).toEqual([{ bio: '', public_bio: '', languages: [], phone: null, avatar_id: null }]);
  });

  it('keeps the mails of another user whose address the user has requested', async () => {
    const other = await identity.createUser();
    await identity.anonymous.post('/v1/auth/forgot-password', { email: other.email });
    await identity.with(ada.accessToken).post('/v1/me/email', { email: other.email });
    const templates = async () => (await identity.mailsTo(other.email)).map(({ template }) => template);
    expect(await templates()).toEqual(['email-taken', 'reset-password']);
    expect((await erase(ada)).status).toBe(202);
    expect(await templates()).toEqual(['email-taken', 'reset-password']);
  });

  it('waits for a mail with the name that is still to be sent to another user', async () => {
    const { email, id } = await identity.createUser();
    const [mail] = await identity.service.query<{ id: string }>(
      `INSERT INTO mail (id, recipient, about, template, subject, text, html, created_at, next_attempt_at)
       VALUES (uuidv7(), $1, ARRAY[$2, $3]::uuid[], 'booking-requested', '', $4, '', now(), now() + interval '1 day')
       RETURNING id`,
      [email, id, ada.id, nameOf(ada)],
    );
    await erase(ada);
    await runLastErasure(ada);
    const due = () =>
      identity.service.query('SELECT due_at IS NOT NULL AS due FROM account_erasure WHERE user_id = $1', [
        ada.id,
      ]);
    expect(await due()).toEqual([{ due: true }]);
    await identity.service.query(
      `UPDATE mail SET sent_at = now(), next_attempt_at = NULL, text = '' WHERE id = $1`,
      [mail?.id],
    );
    await runLastErasure(ada);
    expect(await due()).toEqual([{ due: false }]);
  });

  it('counts erasures that are not completed within an hour', async () => {
    const overdue = async () =>
      Number(
        /^roost_erasures_overdue (\d+)$/m.exec(await identity.service.get(Metrics).registry.metrics())?.[1],
      );
    await erase(ada);
    const before = await overdue();
    await identity.service.query(
      `UPDATE erasure_request SET requested_at = now() - interval '61 minutes' WHERE user_id = $1`,
      [ada.id],
    );
    expect(await overdue()).toBe(before + 1);
    await complete(ada);
    await eventually(async () => expect(await overdue()).toBe(before));
  });
});

describe('409 lists', () => {
  it('the live bookings of a guest and of a host, until they end', async () => {
    const scenario = await createScenario(identity);
    await scenario.request();
    const booking = [{ kind: 'booking', id: scenario.facts.bookingId }];
    expect(await obligationsOf(scenario.guest)).toEqual(booking);
    expect(await obligationsOf(scenario.host)).toEqual(booking);
    await scenario.deliver('booking.declined', 'declined', {});
    expect((await erase(scenario.guest)).status).toBe(202);
    expect((await erase(scenario.host)).status).toBe(202);
  });

  it('a completed stay until its host is paid', async () => {
    const scenario = await createScenario(identity);
    await scenario.complete();
    const { bookingId } = scenario.facts;
    expect(await obligationsOf(scenario.host)).toEqual([{ kind: 'stay-without-payout', id: bookingId }]);
    const payout = {
      ...golden('payout.scheduled'),
      ...{ payoutId: randomUUID(), hostId: scenario.host.id, bookingIds: [bookingId] },
    };
    await identity.service.deliver('payout.scheduled', payout, { version: 1 });
    expect(await obligationsOf(scenario.host)).toEqual([{ kind: 'payout', id: payout.payoutId }]);
    await identity.service.deliver('payout.failed', { ...payout, code: 'account_closed' }, { version: 2 });
    expect(await obligationsOf(scenario.host)).toEqual([{ kind: 'payout', id: payout.payoutId }]);
    // Ids of payouts increase.
    const retry = { ...payout, payoutId: `ffffffff${payout.payoutId.slice(8)}` };
    await identity.service.deliver('payout.paid', retry, { version: 2 });
    expect((await erase(scenario.host)).status).toBe(202);
    expect((await erase(scenario.guest)).status).toBe(202);
  });

  it('a completed stay without a known payout for 30 days', async () => {
    const scenario = await createScenario(identity);
    await scenario.complete();
    await identity.service.clock.set('2027-07-14T14:59:00Z');
    expect(await obligationsOf(scenario.host)).toHaveLength(1);
    await identity.service.clock.set('2027-07-14T15:00:01Z');
    expect((await erase(scenario.host)).status).toBe(202);
  });

  it.each([
    ['a cancelled stay of which the host keeps a share, until it is paid', 50_000, 409],
    ['no cancelled stay that is refunded in full', 0, 202],
  ])('%s', async (_name, hostPayoutMinor, status) => {
    const scenario = await createScenario(identity);
    await scenario.confirm();
    const cancellation = { by: 'guest' as const, refundMinor: 0, refundLines: [], hostPenaltyMinor: 0 };
    await scenario.deliver('booking.cancelled', 'cancelled', { ...cancellation, hostPayoutMinor });
    expect((await erase(scenario.host)).status).toBe(status);
  });

  it('a stay that is paid in instalments until 5 days after its check-out', async () => {
    const scenario = await createScenario(identity, { checkInDate: '2027-05-10' });
    await scenario.complete();
    const { bookingId } = scenario.facts;
    const payout = { payoutId: randomUUID(), hostId: scenario.host.id, bookingIds: [bookingId] };
    await identity.service.deliver(
      'payout.paid',
      { ...golden('payout.scheduled'), ...payout },
      { version: 2 },
    );
    expect(await obligationsOf(scenario.host)).toEqual([{ kind: 'stay-without-payout', id: bookingId }]);
    await identity.service.clock.set('2027-06-19T15:00:01Z');
    expect((await erase(scenario.host)).status).toBe(202);
  });

  it('the last administrator', async () => {
    const [first, second] = [
      await identity.createUser({ roles: ['admin'] }),
      await identity.createUser({ roles: ['admin'] }),
    ];
    expect((await erase(first)).status).toBe(202);
    expect(await obligationsOf(second)).toEqual([{ kind: 'last-administrator', id: second.id }]);
  });

  it('the last administrator of two who erase themselves at once', async () => {
    await identity.service.query(`UPDATE user_account SET roles = '{guest}' WHERE 'admin' = ANY (roles)`);
    const both = [
      await identity.createUser({ roles: ['admin'] }),
      await identity.createUser({ roles: ['admin'] }),
    ];
    const responses = await Promise.all(both.map(erase));
    expect(responses.map(({ status }) => status).sort()).toEqual([202, 409]);
  });
});

describe('401 and 403', () => {
  it('401 rejects a request without a token', async () => {
    expectProblem(await identity.anonymous.delete('/v1/me'), 401, 'auth.missing_token');
  });

  it('403 rejects a session without a recent step-up', async () => {
    await identity.shiftTime(301);
    const { body } = await identity.refresh(ada.refreshToken);
    expectProblem(await erase({ ...ada, ...body }), 403, 'auth.step_up_required');
  });
});
