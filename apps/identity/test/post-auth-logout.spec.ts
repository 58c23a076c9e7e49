import { expectProblem } from '@roost/testing';
import { type Identity, startIdentity } from './identity.js';

let identity: Identity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

describe('204', () => {
  it('ends the session of the access token, and no other', async () => {
    const ada = await identity.person();
    const other = (await identity.logIn(ada.email, ada.password)).body;
    const answer = await identity.with(ada.accessToken).post('/v1/auth/logout');
    expect(answer.status).toBe(204);
    expectProblem(await identity.refresh(ada.refreshToken), 401, 'auth.refresh_invalid');
    expectProblem(await identity.with(ada.accessToken).get('/v1/me'), 401, 'auth.invalid_token');
    expect((await identity.refresh(other.refreshToken)).status).toBe(200);
  });

  it('ends the session of a refresh token, without an access token', async () => {
    const { refreshToken } = await identity.person();
    expect((await identity.anyone.post('/v1/auth/logout', { refreshToken })).status).toBe(204);
    expectProblem(await identity.refresh(refreshToken), 401, 'auth.refresh_invalid');
  });

  it('again, and with a token nobody knows', async () => {
    const { refreshToken } = await identity.person();
    await identity.anyone.post('/v1/auth/logout', { refreshToken });
    expect((await identity.anyone.post('/v1/auth/logout', { refreshToken })).status).toBe(204);
    expect((await identity.anyone.post('/v1/auth/logout', { refreshToken: 'nobody’s' })).status).toBe(204);
  });
});

describe('400', () => {
  it('an unknown field', async () => {
    expectProblem(
      await identity.anyone.post('/v1/auth/logout', { all: true }),
      400,
      'request.invalid',
      '/all',
    );
  });
});

describe('401', () => {
  it('no token of either kind', async () => {
    expectProblem(await identity.anyone.post('/v1/auth/logout'), 401, 'auth.missing_token');
  });
});
