import { expectProblem } from '@roost/testing';
import { type Identity, type Person, startIdentity } from './identity.js';

let identity: Identity;
let ada: Person;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.person();
});
afterAll(() => identity.close());

const FRESH = 'a fresh password';
const change = (body: object) => identity.with(ada.accessToken).post('/v1/me/password', body);

describe('204', () => {
  it('changes it, keeps this session, ends the others and mails the owner', async () => {
    const other = await identity.logIn(ada.email, ada.password);
    const answer = await change({ currentPassword: ada.password, newPassword: FRESH });
    expect(answer.status).toBe(204);
    expect((await identity.with(ada.accessToken).get('/v1/me')).status).toBe(200);
    expect((await identity.refresh(ada.refreshToken)).status).toBe(200);
    expectProblem(await identity.refresh(other.body.refreshToken), 401, 'auth.refresh_invalid');
    expect((await identity.logIn(ada.email, ada.password)).status).toBe(401);
    expect((await identity.logIn(ada.email, FRESH)).status).toBe(200);
    expect((await identity.mailsTo(ada.email))[0]).toMatchObject({ template: 'password-changed' });
  });

  it('makes reset tokens that are under way worthless', async () => {
    await identity.anyone.post('/v1/auth/forgot-password', { email: ada.email });
    const token = await identity.tokenIn(ada.email, 'reset-password');
    await change({ currentPassword: ada.password, newPassword: FRESH });
    const answer = await identity.anyone.post('/v1/auth/reset-password', {
      token,
      password: 'third password',
    });
    expectProblem(answer, 400, 'auth.link_invalid');
  });
});

describe('400', () => {
  it.each<[string, object, string]>([
    ['a short one', { newPassword: 'short' }, '/newPassword'],
    ['one of 10,000 characters', { newPassword: 'ab'.repeat(5_000) }, '/newPassword'],
    ['without the present one', { currentPassword: undefined }, '/currentPassword'],
    ['an unknown field', { userId: '019b0000-0000-7000-8000-000000000000' }, '/userId'],
  ])('%s', async (_, part, pointer) => {
    const answer = await change({ currentPassword: ada.password, newPassword: FRESH, ...part });
    expectProblem(answer, 400, 'request.invalid', pointer);
  });
});

describe('401', () => {
  it('a wrong present password', async () => {
    const answer = await change({ currentPassword: 'not the password', newPassword: FRESH });
    expectProblem(answer, 401, 'auth.invalid_credentials');
    expect((await identity.logIn(ada.email, ada.password)).status).toBe(200);
  });

  it('one of two changes at once wins', async () => {
    const answers = await Promise.all(
      ['first new password', 'other new password'].map((newPassword) =>
        change({ currentPassword: ada.password, newPassword }),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([204, 401]);
  });
});

describe('422', () => {
  it('a common one', async () => {
    const answer = await change({ currentPassword: ada.password, newPassword: 'password123' });
    expectProblem(answer, 422, 'auth.password_too_common', '/newPassword');
  });
});
