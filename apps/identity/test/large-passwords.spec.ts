import { expectProblem } from '@roost/testing';
import { startIdentity, type TestAccount, type TestIdentity } from './identity.fixture.js';

/** More than the limit of a body. */
const LARGE = 'a'.repeat(1_100_000);
/** Less than that, and more than any password. */
const LONG = 'a'.repeat(900_000);

let identity: TestIdentity;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
  ada = await identity.createUser();
});
afterAll(() => identity.close());

describe.each<[path: string, body: (password: string) => object, field: string]>([
  ['/v1/auth/login', (password) => ({ email: ada.email, password }), '/password'],
  [
    '/v1/auth/register',
    (password) => ({ email: 'new@example.com', displayName: 'Ada', password }),
    '/password',
  ],
  ['/v1/auth/reset-password', (password) => ({ token: 'x'.repeat(43), password }), '/password'],
  ['/v1/auth/step-up', (password) => ({ password }), '/password'],
  [
    '/v1/me/password',
    (password) => ({ currentPassword: ada.password, newPassword: password }),
    '/newPassword',
  ],
])('POST %s', (path, body, field) => {
  const send = (password: string) => identity.with(ada.accessToken).post(path, body(password));

  it('413 for a password of 1.1 MB', async () => {
    expectProblem(await send(LARGE), 413, 'request.too_large');
  });

  it('400 for one of 900 kB', async () => {
    expectProblem(await send(LONG), 400, 'request.invalid', field);
  });
});
