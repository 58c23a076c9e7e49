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

const CHANGE_EMAIL =
  'mutation ($input: ChangeEmailInput!) { requestEmailChange(input: $input) { id email } }';
const ERASE = 'mutation { eraseMe { id email displayName } }';
const SETTINGS = '{ notificationSettings { checkInReminder reviewReminder reviewPublished newMessage } }';
const SET_SETTINGS = `mutation ($input: NotificationSettingsInput!) {
  setNotificationSettings(input: $input) { checkInReminder reviewReminder reviewPublished newMessage } }`;

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

it('requires a step-up for the mail address and the erasure', async () => {
  await identity.shiftTime(301);
  const { body } = await identity.refresh(ada.refreshToken);
  for (const [text, input] of [
    [CHANGE_EMAIL, { email: uniqueAddress() }],
    [ERASE, null],
  ] as const) {
    const { errors } = await send(text, input === null ? {} : { input }, body.accessToken);
    expect(errors).toMatchObject([{ extensions: { code: 'auth.step_up_required', status: 403 } }]);
  }
});

it('rejects an invalid mail address', async () => {
  expect((await send(CHANGE_EMAIL, { input: { email: 'not an address' } })).errors).toMatchObject([
    { extensions: { code: 'request.invalid', status: 400 } },
  ]);
});
