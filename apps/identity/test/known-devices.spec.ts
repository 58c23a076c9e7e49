import { expectProblem } from '@roost/testing';
import { PASSWORD, startIdentity, type TestIdentity } from './identity.fixture.js';

let identity: TestIdentity;
let email: string;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  email = await identity.register();
});
afterAll(() => identity.close());

const WRONG = 'not the password';
const HOTEL = '203.0.113.1';

const from = (address: string, cookie?: string) =>
  identity.anonymous.with({
    'x-forwarded-for': address,
    'user-agent': 'Any/1.0',
    ...(cookie === undefined ? {} : { cookie }),
  });
const logIn = (password: string, address: string, cookie?: string, name = email) =>
  from(address, cookie).post('/v1/auth/login', { email: name, password });
const cookieFrom = (response: { headers: Headers }) =>
  String(response.headers.get('set-cookie')).split(';', 1)[0] ?? '';

/** Log-ins of strangers in 101 networks lock the account for each unknown one. */
async function attack(): Promise<void> {
  for (let n = 0; n < 101; n++) await logIn(WRONG, `10.9.${n}.1`);
  expectProblem(await logIn(PASSWORD, HOTEL), 429, 'auth.locked');
}

it('a log-in sets a cookie that scripts can not read', async () => {
  const response = await logIn(PASSWORD, '192.0.2.1');
  expect(response.headers.get('set-cookie')).toMatch(
    /^roost_device=[\w.-]+; Max-Age=15552000; Path=\/v1\/auth; HttpOnly; SameSite=Lax$/,
  );
  expect(response.headers.get('set-cookie')).not.toContain(email);
  expect((await logIn(WRONG, '192.0.2.1')).headers.get('set-cookie')).toBeNull();
});

it('a known device logs in from any network during an attack', async () => {
  const device = cookieFrom(await logIn(PASSWORD, '192.0.2.1'));
  await attack();
  const response = await logIn(PASSWORD, HOTEL, device);
  expect(response.status).toBe(200);
  expect((await logIn(PASSWORD, '203.0.113.200', cookieFrom(response))).status).toBe(200);
});

it('a device has a count of its own, in all networks', async () => {
  const device = cookieFrom(await logIn(PASSWORD, '192.0.2.1'));
  for (let n = 0; n < 5; n++)
    expectProblem(await logIn(WRONG, `10.8.${n}.1`, device), 401, 'auth.invalid_credentials');
  expectProblem(await logIn(PASSWORD, HOTEL, device), 429, 'auth.locked');
  expect((await logIn(PASSWORD, HOTEL)).status).toBe(200);
});

it('a forged cookie, and that of another account, are ignored', async () => {
  const other = await identity.register();
  const foreign = cookieFrom(await logIn(PASSWORD, '192.0.2.1', undefined, other));
  const own = cookieFrom(await logIn(PASSWORD, '192.0.2.1'));
  await attack();
  const forged = own.slice(0, -4) + (own.endsWith('AAAA') ? 'BBBB' : 'AAAA');
  for (const cookie of [foreign, forged, 'roost_device=', 'roost_device=v1.x.y.z', `x=${own}`])
    expectProblem(await logIn(PASSWORD, HOTEL, cookie), 429, 'auth.locked');
});

it('a password reset makes a new device known, so an attack does not delay it further', async () => {
  await attack();
  await from(HOTEL).post('/v1/auth/forgot-password', { email });
  const token = await identity.mailedToken(email, 'reset-password');
  const password = 'a fresh password';
  const reset = await from(HOTEL).post('/v1/auth/reset-password', { token, password });
  expect(reset.status).toBe(204);
  await identity.service.query("UPDATE login_attempt SET locked_until = now() - interval '1 s'");
  await attack();
  expectProblem(await logIn(password, HOTEL), 429, 'auth.locked');
  expect((await logIn(password, HOTEL, cookieFrom(reset))).status).toBe(200);
});

it('a password without the second factor makes no device known', async () => {
  await identity.service.query('UPDATE user_account SET mfa_enabled = true WHERE email = $1', [email]);
  const first = await logIn(PASSWORD, '192.0.2.1');
  expect(first.headers.get('set-cookie')).toBeNull();
});
