import { expectProblem } from '@roost/testing';
import {
  PASSWORD,
  startIdentity,
  type TestAccount,
  type TestIdentity,
  uniqueAddress,
} from './identity.fixture.js';

interface UserPage extends Record<string, unknown> {
  data: { id: string; email: string; createdAt: string }[];
  nextCursor: string | null;
}

let identity: TestIdentity;
let admin: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
  admin = await identity.createUser({ roles: ['admin'] });
});
afterAll(() => identity.close());

const client = () => identity.with(admin.accessToken);
const list = async (query: Record<string, string>) =>
  (await client().get<UserPage>(`/v1/admin/users?${new URLSearchParams(query).toString()}`)).body;
const idsOf = async (query: Record<string, string>) => (await list(query)).data.map(({ id }) => id);
const rename = (user: TestAccount, displayName: string) =>
  identity.with(user.accessToken).patch('/v1/me', { displayName });

describe('GET /v1/admin/users', () => {
  it('finds the person of a mail address, in any case', async () => {
    const ada = await identity.createUser();
    const { data } = await list({ email: ada.email.toUpperCase() });
    expect(data).toEqual([
      {
        ...{ id: ada.id, email: ada.email, status: 'active', roles: ['guest'] },
        ...{ emailVerified: expect.any(Boolean), mfaEnabled: false, locale: 'en', phone: null },
        ...{ displayName: expect.any(String), createdAt: expect.any(String) },
      },
    ]);
    expect(await idsOf({ email: 'unknown@example.com' })).toEqual([]);
  });

  it('finds users by the beginning of their mail address or name, in any case', async () => {
    const ada = await identity.createUser();
    expect(await idsOf({ q: ada.email.slice(0, -4).toUpperCase() })).toEqual([ada.id]);
    await rename(ada, 'Žofie O’Neill 100%_a');
    expect(await idsOf({ q: 'žOFIE o’n' })).toEqual([ada.id]);
    expect(await idsOf({ q: 'O’Neill' })).toEqual([]);
  });

  it('treats the wildcards of LIKE as characters', async () => {
    const [percent, plain] = [await identity.createUser(), await identity.createUser()];
    await rename(percent, '100%_\\ sure');
    await rename(plain, '100 sure');
    expect(await idsOf({ q: '100%' })).toEqual([percent.id]);
    expect(await idsOf({ q: '100%_\\' })).toEqual([percent.id]);
    expect(await idsOf({ q: '%' })).toEqual([]);
  });

  it('filters by id, status, role and time', async () => {
    const host = await identity.createUser({ roles: ['host'] });
    const [{ createdAt } = { createdAt: '' }] = (await list({ id: host.id })).data;
    expect(await idsOf({ id: host.id, role: 'host', status: 'active' })).toEqual([host.id]);
    expect(await idsOf({ id: host.id, role: 'admin' })).toEqual([]);
    expect(await idsOf({ id: host.id, createdFrom: createdAt })).toEqual([host.id]);
    expect(await idsOf({ id: host.id, createdTo: createdAt })).toEqual([]);
    await client().post(`/v1/admin/users/${host.id}/suspend`);
    expect(await idsOf({ status: 'suspended' })).toEqual([host.id]);
    expect(await idsOf({ role: 'admin' })).toEqual([admin.id]);
  });

  it('lists users, newest first, in pages', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      const user = await identity.createUser();
      await rename(user, `Paged ${n}`);
      ids.unshift(user.id);
    }
    const first = await list({ q: 'paged', limit: '2' });
    expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const second = await list({ q: 'paged', limit: '2', cursor: first.nextCursor ?? '' });
    expect(second).toMatchObject({ data: [{ id: ids[2] }], nextCursor: null });
  });

  it.each([
    ['limit', '101'],
    ['cursor', 'x'],
    ['email', 'ada'],
    ['q', ''],
    ['q', 'a'.repeat(255)],
    ['q', 'a\0'],
    ['status', 'locked'],
    ['role', 'root'],
    ['createdFrom', 'today'],
    ['createdTo', '2027-05-01'],
    ['name', 'ada'],
  ])('400 for %s=%s', async (name, value) => {
    const query = new URLSearchParams({ [name]: value }).toString();
    expectProblem(await client().get(`/v1/admin/users?${query}`), 400, 'request.invalid', name);
  });
});

it('documents the body of a suspension as optional', async () => {
  interface Document extends Record<string, unknown> {
    paths: Record<string, { post?: { requestBody?: { required: boolean } } }>;
  }
  const { body } = await identity.anonymous.get<Document>('/openapi.json');
  const isRequired = (path: string) => body.paths[path]?.post?.requestBody?.required;
  expect(isRequired('/v1/admin/users/{id}/suspend')).toBe(false);
  expect(isRequired('/v1/auth/login')).toBe(true);
});

describe('GET /v1/admin/users/{id}', () => {
  it('shows the account with its active sessions, and records that it was read', async () => {
    const email = uniqueAddress();
    await identity.register(email);
    await identity.anonymous.post('/v1/auth/verify-email', {
      token: await identity.mailedToken(email, 'verify-email'),
    });
    const sessions = [await identity.logIn(email, PASSWORD), await identity.logIn(email, PASSWORD)];
    await identity.with(sessions[0]!.body.accessToken).post('/v1/auth/logout');
    const [user] = (await list({ email })).data;
    const path = `/v1/admin/users/${user?.id}`;
    const response = await client().get(path);
    expect(response).toMatchObject({
      status: 200,
      body: { ...user, emailVerified: true, bio: '', activeSessions: 1, suspensions: [] },
    });
    expect(JSON.stringify(response.body)).not.toMatch(/password|hash|secret/i);
    const log = await client().get(`/v1/admin/audit-log?subjectId=${user?.id}`);
    expect(log.body.data).toEqual([
      expect.objectContaining({ action: 'user.read', adminId: admin.id, subjectType: 'user' }),
    ]);
  });

  it('404 for an unknown id', async () => {
    const path = '/v1/admin/users/019b0000-0000-7000-8000-000000000000';
    expectProblem(await client().get(path), 404, 'user.not_found');
  });
});

describe.each([
  '/v1/admin/users',
  '/v1/admin/users/019b0000-0000-7000-8000-000000000000',
  '/v1/admin/audit-log',
])('access to %s', (path) => {
  it('401 without a token', async () => {
    expectProblem(await identity.anonymous.get(path), 401, 'auth.missing_token');
  });

  it('401 for an administrator who has logged out', async () => {
    const former = await identity.createUser({ roles: ['admin'] });
    await identity.with(former.accessToken).post('/v1/auth/logout');
    expectProblem(await identity.with(former.accessToken).get(path), 401, 'auth.invalid_token');
  });

  it.each(['guest', 'host'])('403 for a %s', async (role) => {
    const user = await identity.createUser({ roles: [role] });
    expectProblem(await identity.with(user.accessToken).get(path), 403, 'auth.forbidden');
  });
});
