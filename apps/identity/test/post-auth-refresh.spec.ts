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

async function successorOf(token: string): Promise<string> {
  const response = await identity.refresh(token);
  expect(response.status).toBe(200);
  return response.body.refreshToken;
}

describe('200', () => {
  it('returns a new pair of the same session, with the time of the log-in', async () => {
    const response = await identity.refresh(ada.refreshToken);
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({ tokenType: 'Bearer', expiresInSeconds: 600 });
    expect(response.body.refreshToken).not.toBe(ada.refreshToken);
    const [before, after] = [claimsOf(ada.accessToken), claimsOf(response.body.accessToken)];
    expect([after.sid, after.sub, after.auth_time]).toEqual([before.sid, before.sub, before.auth_time]);
  });

  it('returns new roles', async () => {
    await identity.with(ada.accessToken).post('/v1/me/host');
    const { body } = await identity.refresh(ada.refreshToken);
    expect(claimsOf(body.accessToken).roles).toEqual(['guest', 'host']);
  });

  it('returns the same successor for a token sent again within ten seconds', async () => {
    const successor = await successorOf(ada.refreshToken);
    expect(await successorOf(ada.refreshToken)).toBe(successor);
    await identity.shiftTime(9);
    expect(await successorOf(ada.refreshToken)).toBe(successor);
    expect((await identity.refresh(successor)).status).toBe(200);
  });

  it('returns one successor for 50 concurrent requests, and the session stays', async () => {
    const responses = await Promise.all(Array.from({ length: 50 }, () => identity.refresh(ada.refreshToken)));
    expect(responses.map((response) => response.status)).toEqual(Array(50).fill(200));
    expect(new Set(responses.map((response) => response.body.refreshToken)).size).toBe(1);
    const tokens = await identity.service.query(
      'SELECT token_hash FROM refresh_token WHERE session_id = $1',
      [claimsOf(ada.accessToken).sid],
    );
    expect(tokens).toHaveLength(2);
    expect((await identity.refresh(responses[0]?.body.refreshToken ?? '')).status).toBe(200);
  });

  it('with the default limit, allows ten of 50 concurrent requests a minute, with one successor', async () => {
    const limited = await startIdentity({ RATE_LIMIT_PER_MINUTE: '300' });
    try {
      const { refreshToken } = await limited.createUser();
      const responses = await Promise.all(Array.from({ length: 50 }, () => limited.refresh(refreshToken)));
      const allowed = responses.filter(({ status }) => status === 200);
      expect(allowed).toHaveLength(10);
      for (const response of responses.filter(({ status }) => status !== 200))
        expectProblem(response, 429, 'rate.limited');
      expect(new Set(allowed.map(({ body }) => body.refreshToken)).size).toBe(1);
      const { accessToken } = allowed[0]?.body ?? {};
      expect((await limited.with(accessToken ?? '').get('/v1/me')).status).toBe(200);
    } finally {
      await limited.close();
    }
  });

  it('extends the session with each use, up to 180 days', async () => {
    let token = ada.refreshToken;
    for (let month = 0; month < 6; month++) {
      await identity.shiftTime(29 * 24 * 3600);
      token = await successorOf(token);
    }
    await identity.shiftTime(7 * 24 * 3600);
    expectProblem(await identity.refresh(token), 401, 'auth.refresh_invalid');
  });
});

describe('400', () => {
  it.each<[string, unknown]>([
    ['a missing token', undefined],
    ['an empty text', ''],
    ['a number', 7],
    ['a token with NUL', 'a\0b'],
    ['a token of 10,000 characters', 'x'.repeat(10_000)],
  ])('rejects %s', async (_, refreshToken) => {
    const response = await identity.anonymous.post('/v1/auth/refresh', { refreshToken });
    expectProblem(response, 400, 'request.invalid', '/refreshToken');
  });
});

describe('401', () => {
  it('ends the family for a reused token', async () => {
    const successor = await successorOf(ada.refreshToken);
    await identity.shiftTime(11);
    expectProblem(await identity.refresh(ada.refreshToken), 401, 'auth.refresh_reused');
    expectProblem(await identity.refresh(successor), 401, 'auth.refresh_reused');
    expectProblem(await identity.with(ada.accessToken).get('/v1/me'), 401, 'auth.invalid_token');
  });

  it('ends the family at once for a token whose successor was used', async () => {
    const second = await successorOf(ada.refreshToken);
    const third = await successorOf(second);
    expectProblem(await identity.refresh(ada.refreshToken), 401, 'auth.refresh_reused');
    expectProblem(await identity.refresh(third), 401, 'auth.refresh_reused');
  });

  it('ends the family for an older token', async () => {
    let newest = ada.refreshToken;
    for (let i = 0; i < 4; i++) newest = await successorOf(newest);
    await identity.refresh(ada.refreshToken);
    expectProblem(await identity.refresh(newest), 401, 'auth.refresh_reused');
  });

  it('does not end other sessions of the user', async () => {
    const other = await identity.logIn(ada.email, ada.password);
    await successorOf(ada.refreshToken);
    await identity.shiftTime(11);
    await identity.refresh(ada.refreshToken);
    expect((await identity.refresh(other.body.refreshToken)).status).toBe(200);
  });

  it('rejects a token that was unused for thirty days', async () => {
    await identity.shiftTime(30 * 24 * 3600 + 1);
    expectProblem(await identity.refresh(ada.refreshToken), 401, 'auth.refresh_invalid');
  });

  it('rejects an unknown token and an access token', async () => {
    expectProblem(await identity.refresh('x'.repeat(43)), 401, 'auth.refresh_invalid');
    expectProblem(await identity.refresh(ada.accessToken.slice(0, 500)), 401, 'auth.refresh_invalid');
  });
});

it('deletes the encrypted successor after its use', async () => {
  const second = await successorOf(ada.refreshToken);
  await successorOf(second);
  const rows = await identity.service.query<{ sealed: string | null; used: boolean }>(
    `SELECT successor_sealed AS sealed, used_at IS NOT NULL AS used FROM refresh_token
      WHERE session_id = $1 ORDER BY created_at`,
    [claimsOf(ada.accessToken).sid],
  );
  expect(rows.map(({ sealed, used }) => [sealed !== null, used])).toEqual([
    [false, true],
    [true, true],
    [false, false],
  ]);
});

describe('429', () => {
  it('limits refreshes by session, and unknown tokens by address', async () => {
    const limited = await startIdentity({ RATE_LIMIT_PER_MINUTE: '60' });
    try {
      const [one, other] = [await limited.createUser(), await limited.createUser()];
      const refreshed = await limited.refresh(one.refreshToken);
      expect([refreshed.status, (await limited.refresh(one.refreshToken)).status]).toEqual([200, 200]);
      // The limit of a session is a thirtieth; each of its tokens counts for it.
      const rejected = await limited.refresh(refreshed.body.refreshToken);
      expectProblem(rejected, 429, 'rate.limited');
      expect(Number(rejected.headers.get('retry-after'))).toBeGreaterThan(0);
      const unknown: number[] = [];
      for (const letter of ['x', 'y', 'z']) unknown.push((await limited.refresh(letter.repeat(43))).status);
      expect(unknown).toEqual([401, 401, 429]);
      // Neither takes anything from another session of the same address.
      expect((await limited.refresh(other.refreshToken)).status).toBe(200);
    } finally {
      await limited.close();
    }
  });
});
