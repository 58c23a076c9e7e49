import { AdministratorService } from '../src/service.js';
import { totpCode, stepAt } from '../src/credential/totp.js';
import {
  claimsOf,
  PASSWORD,
  startIdentity,
  type TestIdentity,
  type Tokens,
  uniqueAddress,
} from './identity.fixture.js';

let identity: TestIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

const create = (email: string) =>
  identity.service.get(AdministratorService).create({ email, displayName: 'Ada', password: PASSWORD });

it('creates an administrator whose log-in requires the second factor', async () => {
  const email = uniqueAddress();
  const created = await create(email);
  if (!created) throw new Error('not created');
  const { body: challenge } = await identity.logIn(email, PASSWORD);
  expect(Object.keys(challenge)).toEqual(['mfaToken']);
  const code = totpCode(created.secret, stepAt(new Date()));
  const { body } = await identity.anonymous.post<Tokens>('/v1/auth/mfa', { ...challenge, code });
  expect(claimsOf(body.accessToken)).toMatchObject({
    sub: created.id,
    roles: ['guest', 'admin'],
    email_verified: true,
  });
  expect(created.recoveryCodes).toHaveLength(10);

  const { body: log } = await identity
    .with(body.accessToken)
    .get<{ data: object[] }>(`/v1/admin/audit-log?subjectId=${created.id}`);
  expect(log.data).toMatchObject([
    { action: 'administrator.create', adminId: null, subjectType: 'user', subjectId: created.id },
  ]);
});

it('creates no administrator for an address with an account', async () => {
  expect(await create(await identity.register())).toBeNull();
});

it('rejects a common password', async () => {
  const administrators = identity.service.get(AdministratorService);
  const input = { email: uniqueAddress(), displayName: 'Ada', password: 'password123' };
  await expect(administrators.create(input)).rejects.toMatchObject({ code: 'auth.password_too_common' });
});
