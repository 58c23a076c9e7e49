import { expectProblem } from '@roost/testing';
import { startIdentity, type TestAccount, type TestIdentity } from './identity.fixture.js';

interface LogPage extends Record<string, unknown> {
  data: { id: string; at: string; action: string; subjectId: string }[];
  nextCursor: string | null;
}

let identity: TestIdentity;
let admin: TestAccount;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  admin = await identity.createUser({ roles: ['admin'] });
  ada = await identity.createUser();
});
afterAll(() => identity.close());

const client = () => identity.with(admin.accessToken);
const log = async (query: string) => (await client().get<LogPage>(`/v1/admin/audit-log?${query}`)).body;
const actionsOf = async (query: string) => (await log(query)).data.map(({ action }) => action);
const suspend = (id: string, headers: Record<string, string> = {}) =>
  client().post(`/v1/admin/users/${id}/suspend`, { reason: 'Fraud' }, headers);
const reinstate = (id: string) => client().post(`/v1/admin/users/${id}/reinstate`);

it('shows who did what, to whom, why and with which request', async () => {
  const response = await suspend(ada.id);
  expect((await log(`subjectId=${ada.id}`)).data).toEqual([
    {
      ...{ id: expect.any(String), at: expect.any(String), adminId: admin.id },
      ...{ action: 'user.suspend', subjectType: 'user', subjectId: ada.id, reason: 'Fraud', details: {} },
      requestId: response.headers.get('x-request-id'),
    },
  ]);
});

it('filters by administrator, action, subject and time, newest first, in pages', async () => {
  const other = await identity.createUser();
  await suspend(ada.id);
  await reinstate(ada.id);
  await suspend(other.id);
  const mine = `adminId=${admin.id}`;
  expect(await actionsOf(mine)).toEqual(['user.suspend', 'user.reinstate', 'user.suspend']);
  expect(await actionsOf(`${mine}&action=user.reinstate`)).toEqual(['user.reinstate']);
  expect(await actionsOf(`${mine}&subjectId=${other.id}`)).toEqual(['user.suspend']);
  const [, reinstated] = (await log(mine)).data;
  expect(await actionsOf(`subjectId=${ada.id}&from=${reinstated?.at}`)).toEqual(['user.reinstate']);
  expect(await actionsOf(`subjectId=${ada.id}&to=${reinstated?.at}`)).toEqual(['user.suspend']);
  const first = await log(`${mine}&limit=2`);
  expect(first.data).toHaveLength(2);
  const second = await log(`${mine}&limit=2&cursor=${first.nextCursor}`);
  expect(second).toMatchObject({ data: [{ action: 'user.suspend', subjectId: ada.id }], nextCursor: null });
});

it('contains an import with the number of its rows', async () => {
  const rows = [{ externalId: '1', displayName: 'Ada' }, { externalId: '2' }];
  await client().post('/v1/admin/imports/hosts', { source: 'audited', rows });
  expect((await log(`adminId=${admin.id}`)).data).toMatchObject([
    { action: 'import.hosts', subjectType: 'import', subjectId: 'audited', details: { rows: 2, refused: 1 } },
  ]);
});

it('contains one entry of a repeated request and none of a rejected one', async () => {
  const key = { 'idempotency-key': `suspend-${ada.id}` };
  await suspend(ada.id, key);
  await suspend(ada.id, key);
  expectProblem(await suspend(ada.id), 409, 'user.status_unchanged');
  expect(await actionsOf(`subjectId=${ada.id}`)).toEqual(['user.suspend']);
});

it('is append-only', async () => {
  await suspend(ada.id);
  for (const statement of [
    `UPDATE admin_action SET reason = 'other'`,
    'DELETE FROM admin_action',
    'TRUNCATE admin_action',
  ]) {
    await expect(identity.service.query(statement)).rejects.toThrow(/append-only/);
  }
});

it.each([
  ['limit', '0'],
  ['cursor', 'x'],
  ['adminId', 'ada'],
  ['action', 'suspend'],
  ['subjectId', ''],
  ['subjectId', 'a'.repeat(301)],
  ['from', 'today'],
  ['to', 'x'],
  ['reason', 'x'],
])('400 for %s=%s', async (name, value) => {
  expectProblem(await client().get(`/v1/admin/audit-log?${name}=${value}`), 400, 'request.invalid', name);
});
