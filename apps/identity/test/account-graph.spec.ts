import { currentTotp } from './authenticator.fixture.js';
import { startIdentity, type TestAccount, type TestIdentity, uniqueAddress } from './identity.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.createUser();
});
afterAll(() => identity.close());

const send = <T extends Record<string, unknown>>(
  text: string,
  variables: Record<string, unknown> = {},
  accessToken = ada.accessToken,
) => identity.with(accessToken).graphql<T>(text, variables);

async function succeed<T>(text: string, variables: Record<string, unknown> = {}): Promise<T> {
  const { data, errors } = await send<Record<string, T>>(text, variables);
  expect(errors).toEqual([]);
  return Object.values(data ?? {})[0] as T;
}

const CHANGE_PASSWORD = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { id } }';
const CHANGE_EMAIL =
  'mutation ($input: ChangeEmailInput!) { requestEmailChange(input: $input) { id email } }';
const BEGIN_TOTP = 'mutation { beginTotp { secret otpauthUrl } }';
const CONFIRM_TOTP = 'mutation ($input: ConfirmTotpInput!) { confirmTotp(input: $input) { recoveryCodes } }';
const REMOVE_TOTP = 'mutation { removeTotp { id mfaEnabled } }';
const ERASE = 'mutation { eraseMe { id email displayName } }';
const SETTINGS = '{ notificationSettings { checkInReminder reviewReminder reviewPublished newMessage } }';
const SET_SETTINGS = `mutation ($input: NotificationSettingsInput!) {
  setNotificationSettings(input: $input) { checkInReminder reviewReminder reviewPublished newMessage } }`;

it('changes the password: other sessions end, a wrong password is refused', async () => {
  const { body: other } = await identity.logIn(ada.email, ada.password);
  const newPassword = 'calm lantern shore';
  const wrong = await send(CHANGE_PASSWORD, { input: { currentPassword: 'not this one', newPassword } });
  expect(wrong.errors).toMatchObject([{ extensions: { code: 'auth.wrong_password', status: 403 } }]);
  const input = { currentPassword: ada.password, newPassword };
  expect(await succeed(CHANGE_PASSWORD, { input })).toEqual({ id: ada.id });
  expect((await identity.logIn(ada.email, newPassword)).status).toBe(200);
  expect((await identity.refresh(other.refreshToken)).status).toBe(401);
});

it('requests a change of the mail address, which both mailboxes confirm', async () => {
  const email = uniqueAddress();
  expect(await succeed(CHANGE_EMAIL, { input: { email } })).toEqual({ id: ada.id, email: ada.email });
  for (const [address, template] of [
    [ada.email, 'email-change-old'],
    [email, 'email-change-new'],
  ] as const) {
    const token = await identity.mailedToken(address, template);
    expect((await identity.anonymous.post('/v1/auth/confirm-email-change', { token })).status).toBe(204);
  }
  expect(await succeed('{ me { email } }')).toEqual({ email });
});

it('enrols and removes an authenticator', async () => {
  const { secret, otpauthUrl } = await succeed<{ secret: string; otpauthUrl: string }>(BEGIN_TOTP);
  expect(new URL(otpauthUrl).searchParams.get('secret')).toBe(secret);
  const { recoveryCodes } = await succeed<{ recoveryCodes: string[] }>(CONFIRM_TOTP, {
    input: { code: currentTotp(secret) },
  });
  expect(recoveryCodes).toHaveLength(10);
  expect(Object.keys((await identity.logIn(ada.email, ada.password)).body)).toEqual(['mfaToken']);
  expect(await succeed(REMOVE_TOTP)).toEqual({ id: ada.id, mfaEnabled: false });
  expect((await send(REMOVE_TOTP)).errors).toMatchObject([
    { extensions: { code: 'auth.mfa_not_enabled', status: 409 } },
  ]);
});

it('reads and replaces the notification settings', async () => {
  const input = { checkInReminder: true, reviewReminder: false, reviewPublished: true, newMessage: false };
  expect(await succeed(SET_SETTINGS, { input })).toEqual(input);
  expect(await succeed(SETTINGS)).toEqual(input);
});

it('erases the account', async () => {
  const { displayName } = await succeed<{ displayName: string }>('{ me { displayName } }');
  expect(await succeed(ERASE)).toEqual({ id: ada.id, email: ada.email, displayName });
  expect((await identity.logIn(ada.email, ada.password)).status).toBe(401);
  expect((await send('{ me { id } }')).errors).toMatchObject([{ extensions: { status: 401 } }]);
});

it('requires a step-up for the mail address, the authenticator and the erasure', async () => {
  await identity.shiftTime(301);
  const { body } = await identity.refresh(ada.refreshToken);
  for (const [text, input] of [
    [CHANGE_EMAIL, { email: uniqueAddress() }],
    [BEGIN_TOTP, null],
    [CONFIRM_TOTP, { code: '123456' }],
    [REMOVE_TOTP, null],
    [ERASE, null],
  ] as const) {
    const { errors } = await send(text, input === null ? {} : { input }, body.accessToken);
    expect(errors).toMatchObject([{ extensions: { code: 'auth.step_up_required', status: 403 } }]);
  }
});

it.each([
  ['a password', CHANGE_PASSWORD, { currentPassword: 'a', newPassword: 'short' }],
  ['a mail address', CHANGE_EMAIL, { email: 'not an address' }],
])('refuses %s that is invalid', async (_, text, input) => {
  expect((await send(text, { input })).errors).toMatchObject([
    { extensions: { code: 'request.invalid', status: 400 } },
  ]);
});
