import { expectProblem } from '@roost/testing';
import { type Identity, type Person, startIdentity } from './identity.js';

interface Result {
  externalId: string | null;
  id: string | null;
  outcome: string;
  code: string | null;
  pointer: string | null;
}

let identity: Identity;
let admin: Person;
let batches = 0;
beforeAll(async () => {
  identity = await startIdentity();
  admin = await identity.person({ roles: ['admin'] });
});
afterAll(() => identity.close());

/** A source of its own for each test. */
const aSource = () => `elsewhere-${(batches += 1)}`;

const send = (body: unknown, by = admin, headers: Record<string, string> = {}) =>
  identity
    .with(by.accessToken)
    .post<{ results: Result[] }>('/v1/admin/imports/hosts', body as object, headers);

const ada = { externalId: '17', displayName: 'Ada' };
const grace = { externalId: '18', displayName: 'Grace & Co' };

describe('200', () => {
  it('makes hosts whom everybody may look up and nobody can be', async () => {
    const answer = await send({ source: aSource(), rows: [ada, grace] });
    expect(answer.status).toBe(200);
    expect(answer.body.results).toEqual(
      [ada, grace].map(({ externalId }) => ({
        externalId,
        id: expect.any(String),
        outcome: 'created',
        code: null,
        pointer: null,
        detail: null,
      })),
    );
    const [first] = answer.body.results;
    const profile = await identity.anyone.get(`/v1/users/${first?.id}`);
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

  it('tells the other services of each once, and of a new name', async () => {
    const source = aSource();
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

  it('again: the same hosts, unchanged; from another source: others', async () => {
    const source = aSource();
    const first = await send({ source, rows: [ada, grace] });
    const again = await send({ source, rows: [grace, ada] });
    expect(again.body.results.map(({ id, outcome }) => [id, outcome])).toEqual(
      first.body.results.map(({ id }) => [id, 'unchanged']).reverse(),
    );
    const other = await send({ source: aSource(), rows: [ada] });
    expect(other.body.results[0]).toMatchObject({ outcome: 'created' });
    expect(other.body.results[0]?.id).not.toBe(first.body.results[0]?.id);
  });

  it('refuses rows one by one', async () => {
    const rows = [
      { externalId: '1', displayName: '' },
      ada,
      { externalId: 'two words', displayName: 'Two' },
      { ...grace, roles: ['admin'] },
      'nonsense',
      ada,
    ];
    const { status, body } = await send({ source: aSource(), rows });
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

  it('leaves a suspended host alone', async () => {
    const source = aSource();
    const [made] = (await send({ source, rows: [ada] })).body.results;
    await identity.with(admin.accessToken).post(`/v1/admin/users/${made?.id}/suspend`);
    const again = await send({ source, rows: [{ ...ada, displayName: 'Ada again' }] });
    expect(again.body.results[0]).toMatchObject({ id: made?.id, outcome: 'unchanged' });
  });

  it('two batches of the same hosts at once make each once', async () => {
    const batch = { source: aSource(), rows: [ada, grace] };
    const answers = await Promise.all([send(batch), send(batch), send(batch)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const created = answers
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
  ])('%s', async (_, body, pointer) => {
    expectProblem(await send(body), 400, 'request.invalid', pointer);
  });
});

describe('401 and 403', () => {
  it('nobody, a guest, a host, a suspended administrator', async () => {
    const batch = { source: aSource(), rows: [ada] };
    expectProblem(await identity.anyone.post('/v1/admin/imports/hosts', batch), 401, 'auth.missing_token');
    for (const roles of [['guest'], ['guest', 'host']]) {
      expectProblem(await send(batch, await identity.person({ roles })), 403, 'auth.forbidden');
    }
    const former = await identity.person({ roles: ['admin'] });
    await identity.with(admin.accessToken).post(`/v1/admin/users/${former.id}/suspend`);
    expectProblem(await send(batch, former), 403, 'account.suspended');
  });
});
