import { expectProblem } from '@roost/testing';
import { startIdentity, type TestAccount, type TestIdentity, uniqueAddress } from './identity.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
/** A token without a recent proof of identity. */
let stolen: string;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.createUser();
  await identity.shiftTime(301);
  stolen = (await identity.refresh(ada.refreshToken)).body.accessToken;
});
afterAll(() => identity.close());

const WRONG = 'not the password';
const STEP_UP: Record<string, unknown> = {
  'POST /v1/me/mfa/totp': undefined,
  'POST /v1/me/mfa/totp/confirm': { code: '123456' },
  'DELETE /v1/me/mfa/totp': undefined,
  'POST /v1/me/passkeys/options': undefined,
  'POST /v1/me/passkeys': { name: 'Phone', credential: {} },
  'DELETE /v1/me/passkeys/{id}': undefined,
  'POST /v1/me/identities/authorization': { provider: 'example', redirectUri: 'https://app.example.com' },
  'POST /v1/me/identities': { token: 'text', response: 'code=text' },
  'DELETE /v1/me/identities/{id}': undefined,
  'POST /v1/me/email': { email: uniqueAddress() },
  'POST /v1/me/exports': undefined,
  'DELETE /v1/me': undefined,
};
/** These take the current password. */
const PASSWORD = ['POST /v1/me/password'];
/** These change neither how the owner logs in nor where their money goes. */
const HARMLESS = [
  'PATCH /v1/me',
  'PATCH /v1/me/passkeys/{id}',
  'POST /v1/me/host',
  'POST /v1/me/phone',
  'POST /v1/me/phone/verify',
  'PUT /v1/me/avatar',
  'DELETE /v1/me/avatar',
  'DELETE /v1/me/phone',
  'PUT /v1/me/notification-settings',
  'DELETE /v1/me/sessions/{id}',
];

const send = (route: string, body: unknown, token = stolen) => {
  const [method = '', path = ''] = route.split(' ');
  return identity.with(token).send(method, path, body);
};
const changePassword = (currentPassword: string) =>
  send('POST /v1/me/password', { currentPassword, newPassword: 'a fresh password' });
const stepUp = (proof: object) => send('POST /v1/auth/step-up', proof);

it.each(Object.entries(STEP_UP))(
  '%s requires a step-up, which a refresh does not replace',
  async (route, body) => {
    expectProblem(await send(route, body), 403, 'auth.step_up_required');
  },
);

it('every write of an account requires a step-up or the password, or is harmless', async () => {
  const { body } = await identity.anonymous.get<{ paths: Record<string, Record<string, unknown>> }>(
    '/openapi.json',
  );
  const writes = Object.entries(body.paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((method) => method !== 'get' && path.startsWith('/v1/me'))
      .map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(writes.sort()).toEqual([...Object.keys(STEP_UP), ...PASSWORD, ...HARMLESS].sort());
});

it('guesses the password five times at most, over all routes that take it', async () => {
  for (let n = 0; n < 3; n++) expectProblem(await changePassword(WRONG), 403, 'auth.wrong_password');
  for (let n = 0; n < 2; n++) expectProblem(await stepUp({ password: WRONG }), 403, 'auth.wrong_password');
  expectProblem(await changePassword(ada.password), 429, 'auth.locked');
  expectProblem(await stepUp({ password: ada.password }), 429, 'auth.locked');
  // A new token of the session has the same count; the owner logs in.
  const { body } = await identity.logIn(ada.email, ada.password);
  expect(body.accessToken).toBeDefined();
  expect((await send('POST /v1/auth/step-up', { password: ada.password }, body.accessToken)).status).toBe(
    200,
  );
});

it('guesses the code five times at most', async () => {
  await identity.service.query('UPDATE user_account SET mfa_enabled = true WHERE id = $1', [ada.id]);
  for (let n = 0; n < 5; n++) expectProblem(await stepUp({ code: `00000${n}` }), 403, 'auth.wrong_code');
  expectProblem(await stepUp({ code: '000009' }), 429, 'auth.locked');
});
