import { expectProblem } from '@roost/testing';
import { SessionJobs } from '../src/session/session.jobs.js';
import {
  type AccountLogEntry,
  claimsOf,
  PASSWORD,
  startIdentity,
  type TestAccount,
  type TestIdentity,
  uniqueAddress,
} from './identity.fixture.js';

let identity: TestIdentity;
let admin: TestAccount;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
  admin = await identity.createUser({ roles: ['admin'] });
});
beforeEach(async () => {
  ada = await identity.createUser();
});
afterAll(() => identity.close());

interface LogPage extends Record<string, unknown> {
  data: AccountLogEntry[];
  nextCursor: string | null;
}
const read = (query = '', { accessToken } = ada) =>
  identity.with(accessToken).get<LogPage>(`/v1/me/audit-log${query}`);
const actions = async (account = ada) => (await identity.accountLog(account)).map(({ action }) => action);
const latest = async (account = ada) => (await identity.accountLog(account))[0];
/** The caller keeps the account, with new tokens. */
const logInAgain = async (account = ada, password = account.password): Promise<TestAccount> => {
  const { status, body } = await identity.logIn(account.email, password);
  expect(status).toBe(200);
  return { ...account, ...body };
};

describe('GET /v1/me/audit-log 200', () => {
  it('lists a log-in with its session, network and device', async () => {
    const client = identity.anonymous.with({
      'user-agent': 'Phone/1.0',
      'x-forwarded-for': '203.0.113.77',
    });
    const { email, password } = ada;
    const { body } = await client.post<TestAccount & Record<string, unknown>>('/v1/auth/login', {
      email,
      password,
    });
    const response = await read();
    expect(response.status).toBe(200);
    expect(response.body.data[0]).toEqual({
      id: expect.any(String),
      at: expect.any(String),
      action: 'session.started',
      actor: 'user',
      sessionId: null,
      network: '203.0.113.0/24',
      userAgent: 'Phone/1.0',
      details: { sessionId: claimsOf(body.accessToken).sid, method: 'password' },
    });
  });

  it('names the /64 of an IPv6 address', async () => {
    const from = { 'x-forwarded-for': '2001:db8:1:2:3:4:5:6' };
    await identity.with(ada.accessToken).patch('/v1/me', { bio: 'I bake' }, from);
    expect(await latest()).toMatchObject({
      action: 'profile.changed',
      sessionId: claimsOf(ada.accessToken).sid,
      network: '2001:db8:1:2::/64',
      details: { fields: ['bio'] },
    });
  });

  it('lists the registration, the verification of the address and the first log-in', async () => {
    const email = await identity.register(uniqueAddress());
    const token = await identity.mailedToken(email, 'verify-email');
    expect((await identity.anonymous.post('/v1/auth/verify-email', { token })).status).toBe(204);
    const { body } = await identity.logIn(email, PASSWORD);
    expect(await actions({ ...ada, ...body })).toEqual([
      'session.started',
      'email.verified',
      'account.registered',
    ]);
  });

  it('does not record the device of an address that is not verified as that of the user', async () => {
    const email = await identity.register(uniqueAddress());
    const { body } = await identity.logIn(email, PASSWORD);
    const [, registered] = await identity.accountLog({ ...ada, ...body });
    const nothing = { sessionId: null, network: null, userAgent: null };
    expect(registered).toMatchObject({ action: 'account.registered', actor: 'unknown', ...nothing });
  });

  it('lists the changed fields of a profile, and no request that changes none', async () => {
    const client = identity.with(ada.accessToken);
    for (const change of [{}, { bio: 'I bake' }, { bio: 'I bake' }, { bio: 'I bake', languages: ['fr'] }])
      expect((await client.patch('/v1/me', change)).status).toBe(200);
    expect((await identity.actionsOf(ada)).slice(0, -1)).toEqual([
      ['profile.changed', { fields: ['languages'] }],
      ['profile.changed', { fields: ['bio'] }],
    ]);
  });

  it('shows the session of another user to neither', async () => {
    const bob = await identity.createUser();
    const { refreshToken } = ada;
    await identity.with(bob.accessToken).post('/v1/auth/logout', { refreshToken });
    ada = await logInAgain();
    expect((await identity.accountLog(ada))[1]).toMatchObject({ action: 'session.ended', sessionId: null });
  });

  it('lists no log-in that failed and no requested reset: anyone could fill the log', async () => {
    const before = await actions();
    expect((await identity.logIn(ada.email, 'not the password')).status).toBe(401);
    await identity.anonymous.post('/v1/auth/forgot-password', { email: ada.email });
    expect(await actions()).toEqual(before);
  });

  it('lists the ends of sessions: by log-out, by the user, and after a stolen refresh token', async () => {
    const { body: first } = await identity.logIn(ada.email, ada.password);
    const { body: second } = await identity.logIn(ada.email, ada.password);
    const { body: third } = await identity.logIn(ada.email, ada.password);
    const [a, b, c] = [first, second, third].map(({ accessToken }) => claimsOf(accessToken).sid);
    await identity.anonymous.post('/v1/auth/logout', { refreshToken: first.refreshToken });
    await identity.with(ada.accessToken).delete(`/v1/me/sessions/${String(b)}`);
    await identity.refresh(third.refreshToken);
    await identity.shiftTime(3600);
    expectProblem(await identity.refresh(third.refreshToken), 401, 'auth.refresh_reused');
    const ends = (await identity.accountLog(ada)).filter(({ action }) => action === 'session.ended');
    expect(ends.map(({ actor, details }) => [actor, details])).toEqual([
      ['system', { sessionId: c, reason: 'reuse' }],
      ['user', { sessionId: b, reason: 'revoked' }],
      ['user', { sessionId: a, reason: 'logout' }],
    ]);
    // The request may be that of the thief.
    expect(ends[0]).toMatchObject({ network: null, userAgent: null, sessionId: null });
  });

  it('lists changes and resets of the password, once each although sessions end', async () => {
    await logInAgain();
    const changed = { currentPassword: ada.password, newPassword: 'calm lantern shore' };
    expect((await identity.with(ada.accessToken).post('/v1/me/password', changed)).status).toBe(204);
    await identity.anonymous.post('/v1/auth/forgot-password', { email: ada.email });
    const token = await identity.mailedToken(ada.email, 'reset-password');
    const reset = { token, password: 'bright pebble cove' };
    expect((await identity.anonymous.post('/v1/auth/reset-password', reset)).status).toBe(204);
    ada = await logInAgain(ada, reset.password);
    expect((await actions()).slice(0, 4)).toEqual([
      'session.started',
      'password.reset',
      'password.changed',
      'session.started',
    ]);
  });

  it('lists a change of the mail address', async () => {
    const email = uniqueAddress();
    await identity.with(ada.accessToken).post('/v1/me/email', { email });
    expect(await latest()).toMatchObject({ action: 'email.change-requested', details: {} });
    for (const [address, template] of [
      [ada.email, 'email-change-old'],
      [email, 'email-change-new'],
    ] as const) {
      const token = await identity.mailedToken(address, template);
      expect((await identity.anonymous.post('/v1/auth/confirm-email-change', { token })).status).toBe(204);
    }
    expect(await latest()).toMatchObject({ action: 'email.changed', actor: 'user' });
  });

  it('lists the role of a host and changed settings', async () => {
    const client = identity.with(ada.accessToken);
    expect((await client.post('/v1/me/host')).status).toBe(200);
    expect((await client.post('/v1/me/host')).status).toBe(200);
    const { body } = await client.get('/v1/me/notification-settings');
    const changed = { ...body, newMessage: false };
    for (const settings of [body, changed, changed])
      expect((await client.put('/v1/me/notification-settings', settings)).status).toBe(200);
    expect(await actions()).toEqual([
      'notification-settings.changed',
      'account.became-host',
      'session.started',
      'account.registered',
    ]);
  });

  it('lists a suspension and its end without the administrator, their device and their reason', async () => {
    const client = identity.with(admin.accessToken);
    for (const act of ['suspend', 'reinstate']) {
      const reason = 'A stolen card';
      expect((await client.post(`/v1/admin/users/${ada.id}/${act}`, { reason })).status).toBe(204);
    }
    ada = await logInAgain();
    const byAdministrator = { actor: 'administrator', sessionId: null, network: null, userAgent: null };
    expect((await identity.accountLog(ada)).slice(1, 3)).toEqual([
      expect.objectContaining({ action: 'account.reinstated', ...byAdministrator, details: {} }),
      expect.objectContaining({ action: 'account.suspended', ...byAdministrator, details: {} }),
    ]);
  });

  it('returns pages, of one action if it is named', async () => {
    for (let i = 0; i < 3; i++) await identity.logIn(ada.email, ada.password);
    await identity.with(ada.accessToken).patch('/v1/me', { bio: 'I bake' });
    const first = await read('?limit=2&action=session.started');
    const rest = await read(`?limit=3&action=session.started&cursor=${String(first.body.nextCursor)}`);
    expect(first.body.data).toHaveLength(2);
    expect(rest.body.nextCursor).toBeNull();
    const all = (await identity.accountLog(ada)).filter(({ action }) => action === 'session.started');
    expect([...first.body.data, ...rest.body.data]).toEqual(all);
  });

  it('has nothing of other users', async () => {
    const bob = await identity.createUser();
    const ids = (await identity.accountLog(bob)).map(({ id }) => id);
    expect((await identity.accountLog(ada)).filter(({ id }) => ids.includes(id))).toEqual([]);
  });
});

it('GraphQL lists the same', async () => {
  await identity.with(ada.accessToken).patch('/v1/me', { bio: 'I bake' });
  await identity.logIn(ada.email, ada.password);
  const { data, errors } = await identity
    .with(ada.accessToken)
    .graphql<{ accountLog: { edges: { node: AccountLogEntry }[]; pageInfo: { hasNextPage: boolean } } }>(
      `{ accountLog(first: 1, action: "profile.changed") { pageInfo { hasNextPage }
         edges { node { id at action actor sessionId network userAgent details { fields method } } } } }`,
    );
  expect(errors).toEqual([]);
  const [, { details, ...entry } = { details: {} }] = await identity.accountLog(ada);
  expect(data?.accountLog).toEqual({
    edges: [{ node: { ...entry, details: { ...details, method: null } } }],
    pageInfo: { hasNextPage: false },
  });
});

describe('GET /v1/me/audit-log 400', () => {
  it.each([
    ['?limit=0', 'limit'],
    ['?limit=101', 'limit'],
    ['?cursor=nonsense', 'cursor'],
    ['?action=session.begun', 'action'],
    ['?userId=all', 'userId'],
  ])('rejects %s', async (query, parameter) => {
    expectProblem(await read(query), 400, 'request.invalid', parameter);
  });
});

it('401 without a token, and with that of an ended session', async () => {
  expectProblem(await identity.anonymous.get('/v1/me/audit-log'), 401, 'auth.missing_token');
  await identity.with(ada.accessToken).post('/v1/auth/logout');
  expectProblem(await read(), 401, 'auth.invalid_token');
});

it('deletes entries after 365 days', async () => {
  const entries = await identity.accountLog(ada);
  await identity.service.query(
    `UPDATE account_log_entry SET at = at - interval '366 days' WHERE user_id = $1 AND action = 'account.registered'`,
    [ada.id],
  );
  await identity.service.get(SessionJobs).purge();
  expect(await identity.accountLog(ada)).toEqual(
    entries.filter(({ action }) => action !== 'account.registered'),
  );
  expect(entries.length).toBeGreaterThan(1);
});

it('is deleted with the account', async () => {
  expect((await identity.with(ada.accessToken).delete('/v1/me')).status).toBe(202);
  expect(await identity.service.query('SELECT FROM account_log_entry WHERE user_id = $1', [ada.id])).toEqual(
    [],
  );
});
