import { randomUUID } from 'node:crypto';
import { expectProblem } from '@roost/testing';
import { OperatorErasureService } from '../src/service.js';
import { startIdentity, type TestAccount, type TestIdentity } from './identity.fixture.js';
import { createScenario } from './notification.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.createUser();
});
afterAll(() => identity.close());

const erase = (id: string) =>
  identity.service.get(OperatorErasureService).erase(id, 'Erased on 1 May, before the restore');

const auditedOf = (id: string) =>
  identity.service.query(
    'SELECT admin_id AS "adminId", action, reason FROM admin_action WHERE subject_id = $1 ORDER BY at, id',
    [id],
  );
const AUDITED = { adminId: null, action: 'user.erase', reason: 'Erased on 1 May, before the restore' };

it('erases the account in all services, as the user does, and records it', async () => {
  expect(await erase(ada.id)).toBe('erased');
  expectProblem(await identity.with(ada.accessToken).get('/v1/me'), 401, 'auth.invalid_token');
  expectProblem(await identity.logIn(ada.email, ada.password), 401, 'auth.invalid_credentials');
  const requested = await identity.service.published('privacy.erasure-requested');
  expect(requested.filter(({ userId }) => userId === ada.id)).toHaveLength(1);
  expect(await auditedOf(ada.id)).toEqual([AUDITED]);
});

it('erases a suspended account', async () => {
  await identity.service.query(`UPDATE user_account SET status = 'suspended' WHERE id = $1`, [ada.id]);
  expect(await erase(ada.id)).toBe('erased');
});

it('changes nothing for an erased or unknown account', async () => {
  await erase(ada.id);
  expect(await erase(ada.id)).toBe('already erased');
  expect(await auditedOf(ada.id)).toEqual([AUDITED]);
  const unknown = randomUUID();
  expect(await erase(unknown)).toBe('unknown');
  expect(await auditedOf(unknown)).toEqual([]);
});

it('rejects an account with obligations, and records nothing', async () => {
  const scenario = await createScenario(identity, { guestId: ada.id });
  await scenario.request();
  await expect(erase(ada.id)).rejects.toMatchObject({
    code: 'user.has_obligations',
    extra: { obligations: [{ kind: 'booking' }] },
  });
  expect(await auditedOf(ada.id)).toEqual([]);
  expect((await identity.with(ada.accessToken).get('/v1/me')).status).toBe(200);
});
