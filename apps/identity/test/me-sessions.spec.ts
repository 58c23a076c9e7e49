import { expectProblem } from '@roost/testing';
import { claimsOf, type TestIdentity, type TestAccount, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.createUser();
});
afterAll(() => identity.close());

interface SessionBody {
  id: string;
  userAgent: string | null;
  current: boolean;
}
interface SessionPage extends Record<string, unknown> {
  data: SessionBody[];
  nextCursor: string | null;
}

const list = (query = '') => identity.with(ada.accessToken).get<SessionPage>(`/v1/me/sessions${query}`);
const revoke = (id: string, person = ada) =>
  identity.with(person.accessToken).delete(`/v1/me/sessions/${id}`);
const sidOf = (accessToken: string) => claimsOf(accessToken).sid;

describe('GET /v1/me/sessions 200', () => {
  it('lists active sessions, the latest first, and marks the current one', async () => {
    const phone = await identity.anonymous
      .with({ 'user-agent': 'Phone/1.0' })
      .post<TestAccount & Record<string, unknown>>('/v1/auth/login', {
        email: ada.email,
        password: ada.password,
      });
    const { status, body } = await list();
    expect(status).toBe(200);
    expect(body.nextCursor).toBeNull();
    expect(body.data.map(({ id, current }) => [id, current])).toEqual([
      [sidOf(phone.body.accessToken), false],
      [sidOf(ada.accessToken), true],
    ]);
    expect(body.data[0]?.userAgent).toBe('Phone/1.0');
  });

  it('returns sessions in pages', async () => {
    for (let i = 0; i < 4; i++) await identity.logIn(ada.email, ada.password);
    const seen: string[] = [];
    let query = '?limit=2';
    for (let pages = 0; pages < 3; pages++) {
      const { body } = await list(query);
      seen.push(...body.data.map((session) => session.id));
      query = `?limit=2&cursor=${body.nextCursor ?? ''}`;
      expect(body.nextCursor === null).toBe(pages === 2);
    }
    expect(new Set(seen).size).toBe(5);
  });

  it('does not list sessions of other users', async () => {
    const bob = await identity.createUser();
    const { body } = await list();
    expect(body.data.map((session) => session.id)).not.toContain(sidOf(bob.accessToken));
  });
});

describe('GraphQL', () => {
  it('lists sessions in pages', async () => {
    await identity.logIn(ada.email, ada.password);
    const pageAfter = async (after: string | null) => {
      const { data, errors } = await identity
        .with(ada.accessToken)
        .graphql<{ sessions: { edges: { node: SessionBody }[]; pageInfo: { endCursor: string } } }>(
          `query ($after: String) {
             sessions(first: 1, after: $after) {
               edges { node { id current createdAt lastUsedAt expiresAt userAgent method } } pageInfo { endCursor hasNextPage }
             }
           }`,
          { after },
        );
      expect(errors).toEqual([]);
      return data?.sessions;
    };
    const first = await pageAfter(null);
    const second = await pageAfter(first?.pageInfo.endCursor ?? null);
    expect([first, second].flatMap((page) => page?.edges.map(({ node }) => node))).toEqual(
      (await list()).body.data,
    );
    expect(second?.pageInfo).toMatchObject({ hasNextPage: false });
  });

  it('ends a session, and none of another user', async () => {
    const bob = await identity.createUser();
    const { body: other } = await identity.logIn(ada.email, ada.password);
    const revoke = (token: string) =>
      identity
        .with(ada.accessToken)
        .graphql('mutation ($id: ID!) { revokeSession(id: $id) { id email } }', { id: sidOf(token) });
    expect((await revoke(other.accessToken)).data?.revokeSession).toEqual({ id: ada.id, email: ada.email });
    expectProblem(await identity.refresh(other.refreshToken), 401, 'auth.refresh_invalid');
    const refused = await revoke(bob.accessToken);
    expect(refused.errors).toMatchObject([{ extensions: { code: 'session.not_found', status: 404 } }]);
    expect((await identity.refresh(bob.refreshToken)).status).toBe(200);
    // The own session as well; its token is refused from then on.
    expect((await revoke(ada.accessToken)).errors).toEqual([]);
    expect((await revoke(ada.accessToken)).errors).toMatchObject([
      { extensions: { code: 'auth.invalid_token', status: 401 } },
    ]);
  });
});

describe('GET /v1/me/sessions 400', () => {
  it.each([
    ['?limit=0', 'limit'],
    ['?limit=101', 'limit'],
    ['?limit=ten', 'limit'],
    ['?cursor=nonsense', 'cursor'],
    ['?user=all', 'user'],
  ])('rejects %s', async (query, parameter) => {
    expectProblem(await list(query), 400, 'request.invalid', parameter);
  });
});

describe('session.ended', () => {
  const endedOf = async (account: TestAccount) =>
    (await identity.service.published('session.ended')).filter(({ userId }) => userId === account.id);

  it('is published for a log-out, a revocation, a reuse, a new password and a suspension', async () => {
    const sid = async () => (await identity.logIn(ada.email, ada.password)).body;
    const [loggedOut, revoked, reused, other] = [await sid(), await sid(), await sid(), await sid()];
    await identity.with(loggedOut.accessToken).post('/v1/auth/logout');
    await revoke(sidOf(revoked.accessToken));
    const { body: successor } = await identity.refresh(reused.refreshToken);
    await identity.refresh(successor.refreshToken);
    await identity.refresh(reused.refreshToken);
    const body = { currentPassword: ada.password, newPassword: 'a fresh password' };
    await identity.with(ada.accessToken).post('/v1/me/password', body);
    const admin = await identity.createUser({ roles: ['admin'] });
    const before = Date.now();
    await identity
      .with(admin.accessToken)
      .post(`/v1/admin/users/${ada.id}/suspend`, { reason: 'A report of fraud' });
    const events = await endedOf(ada);
    expect(events.map(({ sessionId, reason }) => [sessionId, reason])).toEqual([
      [sidOf(loggedOut.accessToken), 'logout'],
      [sidOf(revoked.accessToken), 'revoked'],
      [sidOf(reused.accessToken), 'reuse'],
      [sidOf(other.accessToken), 'password'],
      [sidOf(ada.accessToken), 'suspended'],
    ]);
    expect(new Date(events[4]?.tokensExpireAt ?? 0).getTime()).toBeGreaterThanOrEqual(before + 600_000);
  });
});

describe('DELETE /v1/me/sessions/{id} 204', () => {
  it('ends this session at once and no other', async () => {
    const { body: other } = await identity.logIn(ada.email, ada.password);
    expect((await revoke(sidOf(other.accessToken))).status).toBe(204);
    expectProblem(await identity.refresh(other.refreshToken), 401, 'auth.refresh_invalid');
    expectProblem(await identity.with(other.accessToken).get('/v1/me'), 401, 'auth.invalid_token');
    expect((await list()).body.data.map((session) => session.id)).toEqual([sidOf(ada.accessToken)]);
    expect((await identity.refresh(ada.refreshToken)).status).toBe(200);
  });
});

describe('DELETE /v1/me/sessions/{id} 400', () => {
  it('rejects a malformed id', async () => {
    expectProblem(await revoke('1'), 400, 'request.invalid', 'id');
  });
});

describe('DELETE /v1/me/sessions/{id} 404', () => {
  it('rejects a session of another user, which stays active', async () => {
    const bob = await identity.createUser();
    expectProblem(await revoke(sidOf(bob.accessToken)), 404, 'session.not_found');
    expect((await identity.refresh(bob.refreshToken)).status).toBe(200);
  });

  it('rejects an ended and an unknown session', async () => {
    const { body: other } = await identity.logIn(ada.email, ada.password);
    await revoke(sidOf(other.accessToken));
    expectProblem(await revoke(sidOf(other.accessToken)), 404, 'session.not_found');
    expectProblem(await revoke('019b0000-0000-7000-8000-000000000000'), 404, 'session.not_found');
  });
});

describe('a user with 10,000 sessions', () => {
  const SESSIONS = 10_000;
  const active = async () =>
    (
      await identity.service.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM session WHERE user_id = $1 AND revoked_at IS NULL',
        [ada.id],
      )
    )[0]?.count;
  beforeEach(async () => {
    await identity.service.query(
      `INSERT INTO session (id, user_id, epoch, network, mfa_passed, auth_time, created_at, last_used_at, expires_at)
       SELECT uuidv7(), user_id, epoch, network, mfa_passed, auth_time, created_at, last_used_at, expires_at
       FROM session, generate_series(1, $2::int) WHERE user_id = $1`,
      [ada.id, SESSIONS - 1],
    );
  });

  it('lists a page of them and logs in', async () => {
    expect((await list('?limit=100')).body.data).toHaveLength(100);
    expect((await identity.logIn(ada.email, ada.password)).status).toBe(200);
    expect(await active()).toBe(SESSIONS + 1);
  });

  it('ends all others with a changed password, and publishes each end', async () => {
    const body = { currentPassword: ada.password, newPassword: 'calm lantern shore' };
    expect((await identity.with(ada.accessToken).post('/v1/me/password', body)).status).toBe(204);
    expect(await active()).toBe(1);
    const ends = (await identity.service.published('session.ended')).filter(
      ({ userId }) => userId === ada.id,
    );
    expect(ends).toHaveLength(SESSIONS - 1);
  });

  it('is erased', async () => {
    expect((await identity.with(ada.accessToken).delete('/v1/me')).status).toBe(202);
    expect(await active()).toBe(0);
  });
});
