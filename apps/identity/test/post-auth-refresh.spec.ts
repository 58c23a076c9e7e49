import { expectProblem } from '@roost/testing';
import { claimsOf, type Identity, type Person, startIdentity } from './identity.js';

let identity: Identity;
let ada: Person;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.person();
});
afterAll(() => identity.close());

async function successorOf(token: string): Promise<string> {
  const answer = await identity.refresh(token);
  expect(answer.status).toBe(200);
  return answer.body.refreshToken;
}

describe('200', () => {
  it('gives a new pair of the same session, with the time of the log-in', async () => {
    const answer = await identity.refresh(ada.refreshToken);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ tokenType: 'Bearer', expiresInSeconds: 600 });
    expect(answer.body.refreshToken).not.toBe(ada.refreshToken);
    const [before, after] = [claimsOf(ada.accessToken), claimsOf(answer.body.accessToken)];
    expect([after.sid, after.sub, after.auth_time]).toEqual([before.sid, before.sub, before.auth_time]);
  });

  it('brings new roles', async () => {
    await identity.with(ada.accessToken).post('/v1/me/host');
    const { body } = await identity.refresh(ada.refreshToken);
    expect(claimsOf(body.accessToken).roles).toEqual(['guest', 'host']);
  });

  it('gives the same successor to a token sent again within ten seconds', async () => {
    const successor = await successorOf(ada.refreshToken);
    expect(await successorOf(ada.refreshToken)).toBe(successor);
    await identity.later(9);
    expect(await successorOf(ada.refreshToken)).toBe(successor);
    expect((await identity.refresh(successor)).status).toBe(200);
  });

  it('gives one successor to many requests at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => identity.refresh(ada.refreshToken)));
    expect(answers.map((answer) => answer.status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map((answer) => answer.body.refreshToken)).size).toBe(1);
    const tokens = await identity.service.query(
      'SELECT token_hash FROM refresh_token WHERE session_id = $1',
      [claimsOf(ada.accessToken).sid],
    );
    expect(tokens).toHaveLength(2);
  });

  it('goes on for as long as it is used, up to 180 days', async () => {
    let token = ada.refreshToken;
    for (let month = 0; month < 6; month++) {
      await identity.later(29 * 24 * 3600);
      token = await successorOf(token);
    }
    await identity.later(7 * 24 * 3600);
    expectProblem(await identity.refresh(token), 401, 'auth.refresh_invalid');
  });
});

describe('400', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['an empty text', ''],
    ['a number', 7],
    ['NUL', 'a\0b'],
    ['10,000 characters', 'x'.repeat(10_000)],
  ])('%s', async (_, refreshToken) => {
    const answer = await identity.anyone.post('/v1/auth/refresh', { refreshToken });
    expectProblem(answer, 400, 'request.invalid', '/refreshToken');
  });
});

describe('401', () => {
  it('a token used before ends the whole family', async () => {
    const successor = await successorOf(ada.refreshToken);
    await identity.later(11);
    expectProblem(await identity.refresh(ada.refreshToken), 401, 'auth.refresh_reused');
    expectProblem(await identity.refresh(successor), 401, 'auth.refresh_reused');
    expectProblem(await identity.with(ada.accessToken).get('/v1/me'), 401, 'auth.invalid_token');
  });

  it('a token sent again when its successor has been used ends the family at once', async () => {
    const second = await successorOf(ada.refreshToken);
    const third = await successorOf(second);
    expectProblem(await identity.refresh(ada.refreshToken), 401, 'auth.refresh_reused');
    expectProblem(await identity.refresh(third), 401, 'auth.refresh_reused');
  });

  it('a token from further back ends the family, too', async () => {
    let newest = ada.refreshToken;
    for (let i = 0; i < 4; i++) newest = await successorOf(newest);
    await identity.refresh(ada.refreshToken);
    expectProblem(await identity.refresh(newest), 401, 'auth.refresh_reused');
  });

  it('leaves the other sessions of the user alone', async () => {
    const other = await identity.logIn(ada.email, ada.password);
    await successorOf(ada.refreshToken);
    await identity.later(11);
    await identity.refresh(ada.refreshToken);
    expect((await identity.refresh(other.body.refreshToken)).status).toBe(200);
  });

  it('a token that nobody used for thirty days', async () => {
    await identity.later(30 * 24 * 3600 + 1);
    expectProblem(await identity.refresh(ada.refreshToken), 401, 'auth.refresh_invalid');
  });

  it('a token nobody issued, and an access token', async () => {
    expectProblem(await identity.refresh('x'.repeat(43)), 401, 'auth.refresh_invalid');
    expectProblem(await identity.refresh(ada.accessToken.slice(0, 500)), 401, 'auth.refresh_invalid');
  });
});

it('keeps no successor readable once it has been used', async () => {
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
