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

const stepUp = (password: unknown, token = ada.accessToken) =>
  identity.with(token).post<{ accessToken: string }>('/v1/auth/step-up', { password });

describe('200', () => {
  it('returns an access token of the same session with a new auth_time, which a refresh keeps', async () => {
    await identity.shiftTime(3600);
    const { body: stale } = await identity.refresh(ada.refreshToken);
    const response = await stepUp(ada.password, stale.accessToken);
    expect(response.status).toBe(200);
    expect(Object.keys(response.body).sort()).toEqual(['accessToken', 'expiresInSeconds', 'tokenType']);
    const [before, after] = [claimsOf(stale.accessToken), claimsOf(response.body.accessToken)];
    expect(after.sid).toBe(before.sid);
    expect(after.auth_time - before.auth_time).toBeGreaterThanOrEqual(3600);
    const { body: refreshed } = await identity.refresh(stale.refreshToken);
    expect(claimsOf(refreshed.accessToken).auth_time).toBe(after.auth_time);
  });
});

describe('400', () => {
  it.each([[undefined], [''], [7]])('rejects the password %p', async (password) => {
    expectProblem(await stepUp(password), 400, 'request.invalid', '/password');
  });
});

describe('403', () => {
  it('rejects a wrong password, and the access token stays valid', async () => {
    expectProblem(await stepUp('not the password'), 403, 'auth.wrong_password');
    expect((await identity.with(ada.accessToken).get('/v1/me')).status).toBe(200);
  });
});

describe('401', () => {
  it('rejects a request without an access token', async () => {
    const response = await identity.anonymous.post('/v1/auth/step-up', { password: ada.password });
    expectProblem(response, 401, 'auth.missing_token');
  });

  it('rejects an ended session', async () => {
    await identity.with(ada.accessToken).post('/v1/auth/logout');
    expectProblem(await stepUp(ada.password), 401, 'auth.invalid_token');
  });
});

describe('429', () => {
  it('counts failures by session: they lock neither log-ins nor other sessions', async () => {
    for (let i = 0; i < 5; i++) await stepUp('not the password');
    expectProblem(await stepUp(ada.password), 429, 'auth.locked');
    const other = await identity.logIn(ada.email, ada.password);
    expect((await stepUp(ada.password, other.body.accessToken)).status).toBe(200);
  });
});
