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

const stepUp = (password: unknown, token = ada.accessToken) =>
  identity.with(token).post<{ accessToken: string }>('/v1/auth/step-up', { password });

describe('200', () => {
  it('gives an access token of the same session with a fresh proof, which refreshing keeps', async () => {
    await identity.later(3600);
    const { body: stale } = await identity.refresh(ada.refreshToken);
    const answer = await stepUp(ada.password, stale.accessToken);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual(['accessToken', 'expiresInSeconds', 'tokenType']);
    const [before, after] = [claimsOf(stale.accessToken), claimsOf(answer.body.accessToken)];
    expect(after.sid).toBe(before.sid);
    expect(after.auth_time - before.auth_time).toBeGreaterThanOrEqual(3600);
    const { body: refreshed } = await identity.refresh(stale.refreshToken);
    expect(claimsOf(refreshed.accessToken).auth_time).toBe(after.auth_time);
  });
});

describe('400', () => {
  it.each([[undefined], [''], [7]])('%p', async (password) => {
    expectProblem(await stepUp(password), 400, 'request.invalid', '/password');
  });
});

describe('401', () => {
  it('a wrong password', async () => {
    expectProblem(await stepUp('not the password'), 401, 'auth.invalid_credentials');
  });

  it('no access token', async () => {
    const answer = await identity.anyone.post('/v1/auth/step-up', { password: ada.password });
    expectProblem(answer, 401, 'auth.missing_token');
  });

  it('a session that has ended', async () => {
    await identity.with(ada.accessToken).post('/v1/auth/logout');
    expectProblem(await stepUp(ada.password), 401, 'auth.invalid_token');
  });
});

describe('429', () => {
  it('a thief of an access token can’t guess on: mistakes count as they do at the door', async () => {
    for (let i = 0; i < 5; i++) await stepUp('not the password');
    expectProblem(await stepUp(ada.password), 429, 'auth.locked');
    expectProblem(await identity.logIn(ada.email, ada.password), 429, 'auth.locked');
  });
});
