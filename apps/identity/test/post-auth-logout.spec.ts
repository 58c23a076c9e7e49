import { expectProblem } from '@roost/testing';
import { type TestIdentity, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

describe('204', () => {
  it('ends the session of the access token, and no other', async () => {
    const ada = await identity.createUser();
    const other = (await identity.logIn(ada.email, ada.password)).body;
    const response = await identity.with(ada.accessToken).post('/v1/auth/logout');
    expect(response.status).toBe(204);
    expectProblem(await identity.refresh(ada.refreshToken), 401, 'auth.refresh_invalid');
    expectProblem(await identity.with(ada.accessToken).get('/v1/me'), 401, 'auth.invalid_token');
    expect((await identity.refresh(other.refreshToken)).status).toBe(200);
  });

  it('ends the session of a refresh token, without an access token', async () => {
    const { refreshToken } = await identity.createUser();
    expect((await identity.anonymous.post('/v1/auth/logout', { refreshToken })).status).toBe(204);
    expectProblem(await identity.refresh(refreshToken), 401, 'auth.refresh_invalid');
  });

  it('accepts an ended and an unknown token', async () => {
    const { refreshToken } = await identity.createUser();
    await identity.anonymous.post('/v1/auth/logout', { refreshToken });
    expect((await identity.anonymous.post('/v1/auth/logout', { refreshToken })).status).toBe(204);
    expect((await identity.anonymous.post('/v1/auth/logout', { refreshToken: 'unknown' })).status).toBe(204);
  });
});

describe('400', () => {
  it('rejects an unknown field', async () => {
    expectProblem(
      await identity.anonymous.post('/v1/auth/logout', { all: true }),
      400,
      'request.invalid',
      '/all',
    );
  });
});

describe('401', () => {
  it('rejects a request without a token', async () => {
    expectProblem(await identity.anonymous.post('/v1/auth/logout'), 401, 'auth.missing_token');
  });
});
