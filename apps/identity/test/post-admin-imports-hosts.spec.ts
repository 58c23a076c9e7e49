import { expectProblem } from '@roost/testing';
import { type TestIdentity, type TestAccount, startIdentity } from './identity.fixture.js';

interface Result {
  externalId: string | null;
  id: string | null;
  outcome: string;
  code: string | null;
  pointer: string | null;
}

let identity: TestIdentity;
let admin: TestAccount;
let batches = 0;
beforeAll(async () => {
  identity = await startIdentity();
  admin = await identity.createUser({ roles: ['admin'] });
});
afterAll(() => identity.close());

/** Returns a source that no other test uses. */
const uniqueSource = () => `elsewhere-${(batches += 1)}`;

const send = (body: unknown, by = admin, headers: Record<string, string> = {}) =>
  identity
    .with(by.accessToken)
    .post<{ results: Result[] }>('/v1/admin/imports/hosts', body as object, headers);

const ada = { externalId: '17', displayName: 'Ada' };
const grace = { externalId: '18', displayName: 'Grace & Co' };

describe('200', () => {
  it('creates hosts with a public profile who cannot log in', async () => {
    const response = await send({ source: uniqueSource(), rows: [ada, grace] });
    expect(response.status).toBe(200);
    expect(response.body.results).toEqual(
      [ada, grace].map(({ externalId }) => ({
        externalId,
        id: expect.any(String),
        outcome: 'created',
        code: null,
        pointer: null,
        detail: null,
      })),
    );
    const [first] = response.body.results;
    const profile = await identity.anonymous.get(`/v1/users/${first?.id}`);
    expect(profile.body).toMatchObject({ displayName: 'Ada', isHost: true });
    const [account] = await identity.service.query<{ email: string; password_hash: string | null }>(
      'SELECT email, password_hash FROM user_account WHERE id = $1',
      [first?.id],
    );
    expect(account?.password_hash).toBeNull();
    expect(account?.email).toMatch(/^[0-9a-f-]{36}@imported\.roost\.invalid$/);
    expectProblem(await identity.logIn(account?.email ?? '', ''), 400, 'request.invalid');
    expectProblem(await identity.logIn(account?.email ?? '', 'null'), 401, 'auth.invalid_credentials');
  });

  it('masks contact data in names, counts it, and leaves masked names unchanged', async () => {
    const source = uniqueSource();
    const row = { externalId: '19', displayName: 'Ada +1 518 555 0142' };
    const [created] = (await send({ source, rows: [row] })).body.results;
    expect(created).toMatchObject({
      outcome: 'created',
      pointer: '/displayName',
      detail: 'Contact details masked: 1',
    });
    const profile = await identity.anonymous.get(`/v1/users/${created?.id}`);
    expect(profile.body).toMatchObject({ displayName: 'Ada [phone number hidden]' });
    const masked = { ...row, displayName: 'Ada [phone number hidden]' };
    expect((await send({ source, rows: [row] })).body.results).toMatchObject([{ outcome: 'unchanged' }]);
    expect((await send({ source, rows: [masked] })).body.results).toMatchObject([
      { outcome: 'unchanged', detail: null },
    ]);
  });

  it('publishes each host once, and each new name', async () => {
    const source = uniqueSource();
    const first = await send({ source, rows: [ada, grace] });
    await send({ source, rows: [ada, { ...grace, displayName: 'Grace' }] });
    const ids = first.body.results.map(({ id }) => id);
    const rows = await identity.service.query<{ key: string; type: string; version: string; body: object }>(
      `SELECT key, type, aggregate_version AS version, body FROM outbox_event WHERE key = ANY($1) ORDER BY xid, id`,
      [ids],
    );
    expect(rows.map(({ key, type, version }) => [ids.indexOf(key), type, Number(version)])).toEqual([
      [0, 'user.registered', 1],
      [1, 'user.registered', 1],
      [1, 'user.profile-changed', 2],
    ]);
    expect(rows[2]?.body).toEqual({
      userId: ids[1],
      displayName: 'Grace',
      locale: 'en',
      roles: ['guest', 'host'],
      emailVerified: false,
      status: 'active',
    });
  });

  it('returns existing hosts as unchanged, and creates others for another source', async () => {
    const source = uniqueSource();
    const first = await send({ source, rows: [ada, grace] });
    const again = await send({ source, rows: [grace, ada] });
    expect(again.body.results.map(({ id, outcome }) => [id, outcome])).toEqual(
      first.body.results.map(({ id }) => [id, 'unchanged']).reverse(),
    );
    const other = await send({ source: uniqueSource(), rows: [ada] });
    expect(other.body.results[0]).toMatchObject({ outcome: 'created' });
    expect(other.body.results[0]?.id).not.toBe(first.body.results[0]?.id);
  });

  it('rejects rows one by one', async () => {
    const rows = [
      { externalId: '1', displayName: '' },
      ada,
      { externalId: 'two words', displayName: 'Two' },
      { ...grace, roles: ['admin'] },
      'nonsense',
      ada,
    ];
    const { status, body } = await send({ source: uniqueSource(), rows });
    expect(status).toBe(200);
    expect(
      body.results.map(({ externalId, outcome, code, pointer }) => [externalId, outcome, code, pointer]),
    ).toEqual([
      ['1', 'refused', 'request.invalid', '/displayName'],
      ['17', 'created', null, null],
      ['two words', 'refused', 'request.invalid', '/externalId'],
      ['18', 'refused', 'request.invalid', '/roles'],
      [null, 'refused', 'request.invalid', ''],
      ['17', 'refused', 'request.invalid', '/externalId'],
    ]);
  });

  it('does not rename a suspended host', async () => {
    const source = uniqueSource();
    const [made] = (await send({ source, rows: [ada] })).body.results;
    await identity.with(admin.accessToken).post(`/v1/admin/users/${made?.id}/suspend`);
    const again = await send({ source, rows: [{ ...ada, displayName: 'Ada again' }] });
    expect(again.body.results[0]).toMatchObject({ id: made?.id, outcome: 'unchanged' });
  });

  it('creates each host once in concurrent batches', async () => {
    const batch = { source: uniqueSource(), rows: [ada, grace] };
    const responses = await Promise.all([send(batch), send(batch), send(batch)]);
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    const created = responses
      .flatMap(({ body }) => body.results)
      .filter(({ outcome }) => outcome === 'created');
    expect(created).toHaveLength(2);
  });
});

describe('400', () => {
  it.each<[string, unknown, string]>([
    ['no rows', { source: 'elsewhere', rows: [] }, '/rows'],
    ['too many rows', { source: 'elsewhere', rows: Array.from({ length: 201 }, () => ada) }, '/rows'],
    ['no source', { rows: [ada] }, '/source'],
    ['a source with a slash', { source: 'a/b', rows: [ada] }, '/source'],
    ['an unknown field', { source: 'elsewhere', rows: [ada], password: 'x' }, '/password'],
  ])('rejects %s', async (_, body, pointer) => {
    expectProblem(await send(body), 400, 'request.invalid', pointer);
  });
});

describe('401 and 403', () => {
  it('rejects a request without a token, a guest, a host, and a suspended administrator', async () => {
    const batch = { source: uniqueSource(), rows: [ada] };
    expectProblem(await identity.anonymous.post('/v1/admin/imports/hosts', batch), 401, 'auth.missing_token');
    for (const roles of [['guest'], ['guest', 'host']]) {
      expectProblem(await send(batch, await identity.createUser({ roles })), 403, 'auth.forbidden');
    }
    const former = await identity.createUser({ roles: ['admin'] });
    await identity.with(admin.accessToken).post(`/v1/admin/users/${former.id}/suspend`);
    expectProblem(await send(batch, former), 403, 'account.suspended');
  });
});
