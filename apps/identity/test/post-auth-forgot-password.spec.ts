import { expectProblem } from '@roost/testing';
import { type TestIdentity, uniqueAddress, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

const forgot = (email: unknown) => identity.anonymous.post('/v1/auth/forgot-password', { email });

describe('202', () => {
  it('mails a token', async () => {
    const { email } = await identity.createUser();
    expect((await forgot(email)).status).toBe(202);
    const [mail] = await identity.mailsTo(email);
    expect(mail).toMatchObject({ template: 'reset-password', subject: 'Choose a new password' });
    expect(mail?.text).toContain(mail?.token);
  });

  it('returns the same response for an unknown address and a suspended account, and mails neither', async () => {
    const active = await identity.createUser();
    const suspended = await identity.createUser();
    await identity.service.query(`UPDATE user_account SET status = 'suspended' WHERE id = $1`, [
      suspended.id,
    ]);
    const unknown = uniqueAddress();
    const responses = [await forgot(active.email), await forgot(unknown), await forgot(suspended.email)];
    expect(responses.map(({ status, body }) => [status, body])).toEqual(Array(3).fill([202, '']));
    expect(await identity.mailsTo(unknown)).toEqual([]);
    expect(await identity.mailsTo(suspended.email)).toEqual([]);
  });

  it('takes at least the minimum time for known and unknown addresses', async () => {
    const millis = async (email: string) => {
      const start = performance.now();
      await forgot(email);
      return performance.now() - start;
    };
    for (let i = 0; i < 3; i++) {
      expect(await millis(uniqueAddress())).toBeGreaterThanOrEqual(70);
      expect(await millis((await identity.createUser()).email)).toBeGreaterThanOrEqual(70);
    }
  });

  it('mails one address at most ten tokens an hour', async () => {
    const { email } = await identity.createUser();
    for (let i = 0; i < 12; i++) expect((await forgot(email)).status).toBe(202);
    expect(await identity.mailsTo(email)).toHaveLength(10);
  });
});

describe('400', () => {
  it.each([[undefined], ['nobody'], [['a@example.com']]])('rejects %p', async (email) => {
    expectProblem(await forgot(email), 400, 'request.invalid', '/email');
  });
});
