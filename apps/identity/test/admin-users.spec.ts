import { expectProblem } from '@roost/testing';
import { type TestIdentity, type TestAccount, startIdentity } from './identity.fixture.js';

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

const suspend = (id: string, by = admin, headers: Record<string, string> = {}) =>
  identity.with(by.accessToken).post(`/v1/admin/users/${id}/suspend`, undefined, headers);
const reinstate = (id: string, by = admin) =>
  identity.with(by.accessToken).post(`/v1/admin/users/${id}/reinstate`);

describe('204', () => {
  it('suspends at once: ends sessions, rejects log-ins and publishes the event', async () => {
    expect((await suspend(ada.id)).status).toBe(204);
    expectProblem(await identity.with(ada.accessToken).get('/v1/me'), 403, 'account.suspended');
    expectProblem(await identity.logIn(ada.email, ada.password), 403, 'account.suspended');
    expect([401, 403]).toContain((await identity.refresh(ada.refreshToken)).status);
    const events = await identity.service.published('user.suspended');
    expect(events.filter((event) => event.userId === ada.id)).toEqual([
      expect.objectContaining({ status: 'suspended' }),
    ]);
  });

  it('reinstates: log-ins work again, old sessions stay ended', async () => {
    await suspend(ada.id);
    expect((await reinstate(ada.id)).status).toBe(204);
    expect((await identity.logIn(ada.email, ada.password)).status).toBe(200);
    expectProblem(await identity.refresh(ada.refreshToken), 401, 'auth.refresh_invalid');
    expectProblem(await identity.with(ada.accessToken).get('/v1/me'), 401, 'auth.invalid_token');
    const versions = await identity.service.query<{ type: string; version: number }>(
      'SELECT type, aggregate_version AS version FROM outbox_event WHERE key = $1 ORDER BY xid, id',
      [ada.id],
    );
    expect(versions.map(({ type }) => type)).toEqual([
      'user.registered',
      'user.suspended',
      'user.reinstated',
    ]);
    const numbers = versions.map(({ version }) => Number(version));
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  });

  it('accepts a reason, or no body', async () => {
    const path = `/v1/admin/users/${ada.id}`;
    const client = identity.with(admin.accessToken);
    expect((await client.post(`${path}/suspend`, { reason: 'A stolen card' })).status).toBe(204);
    expect((await client.post(`${path}/reinstate`, {})).status).toBe(204);
    expect((await client.post(`${path}/suspend`)).status).toBe(204);
    expect((await client.post(`${path}/reinstate`, { reason: 'A mistake' })).status).toBe(204);
    const by = { adminId: admin.id, at: expect.any(String) };
    expect((await client.get(path)).body.suspensions).toEqual([
      { ...by, action: 'user.reinstate', reason: 'A mistake' },
      { ...by, action: 'user.suspend', reason: null },
      { ...by, action: 'user.reinstate', reason: null },
      { ...by, action: 'user.suspend', reason: 'A stolen card' },
    ]);
  });

  it('replays the response for the same idempotency key', async () => {
    const key = { 'idempotency-key': `suspend-${ada.id}` };
    expect((await suspend(ada.id, admin, key)).status).toBe(204);
    const again = await suspend(ada.id, admin, key);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([204, 'true']);
  });
});

describe('400', () => {
  it('rejects a malformed id', async () => {
    expectProblem(await suspend('ada'), 400, 'request.invalid', 'id');
  });

  it.each([[{ reason: ' ' }], [{ reason: 'a'.repeat(501) }], [{ reason: 1 }], [{ reasons: 'x' }]])(
    'rejects the body %j and changes nothing',
    async (body) => {
      const client = identity.with(admin.accessToken);
      for (const action of ['suspend', 'reinstate']) {
        expectProblem(
          await client.post(`/v1/admin/users/${ada.id}/${action}`, body),
          400,
          'request.invalid',
          `/${Object.keys(body)[0]}`,
        );
      }
      expect((await identity.with(ada.accessToken).get('/v1/me')).status).toBe(200);
    },
  );
});

describe('401', () => {
  it('rejects a request without a token', async () => {
    const response = await identity.anonymous.post(`/v1/admin/users/${ada.id}/suspend`);
    expectProblem(response, 401, 'auth.missing_token');
  });
});

describe('403', () => {
  it.each([['guest'], ['host']])('rejects a %s', async (role) => {
    const other = await identity.createUser({ roles: [role] });
    expectProblem(await suspend(ada.id, other), 403, 'auth.forbidden');
    expectProblem(await reinstate(ada.id, other), 403, 'auth.forbidden');
    expect((await identity.with(ada.accessToken).get('/v1/me')).status).toBe(200);
  });

  it('rejects a suspended administrator', async () => {
    const former = await identity.createUser({ roles: ['admin'] });
    await suspend(former.id);
    expectProblem(await suspend(ada.id, former), 403, 'account.suspended');
  });

  it('rejects the administrator’s own account', async () => {
    expectProblem(await suspend(admin.id), 403, 'auth.forbidden');
  });
});

describe('404', () => {
  it('rejects an unknown id', async () => {
    expectProblem(await suspend('019b0000-0000-7000-8000-000000000000'), 404, 'user.not_found');
  });
});

describe('409', () => {
  it('rejects a suspension of a suspended user and a reinstatement of an active one', async () => {
    expectProblem(await reinstate(ada.id), 409, 'user.status_unchanged');
    await suspend(ada.id);
    expectProblem(await suspend(ada.id), 409, 'user.status_unchanged');
  });
});
