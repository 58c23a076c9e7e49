import { expectProblem } from '@roost/testing';
import { type Identity, someAddress, startIdentity } from './identity.js';

let identity: Identity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

const forgot = (email: unknown) => identity.anyone.post('/v1/auth/forgot-password', { email });

describe('202', () => {
  it('mails a token', async () => {
    const { email } = await identity.person();
    expect((await forgot(email)).status).toBe(202);
    const [mail] = await identity.mailsTo(email);
    expect(mail).toMatchObject({ template: 'reset-password', subject: 'Choose a new password' });
    expect(mail?.text).toContain(mail?.token);
  });

  it('says the same to an unknown address and to a suspended account, and mails neither', async () => {
    const known = await identity.person();
    const suspended = await identity.person();
    await identity.service.query(`UPDATE user_account SET status = 'suspended' WHERE id = $1`, [
      suspended.id,
    ]);
    const unknown = someAddress();
    const answers = [await forgot(known.email), await forgot(unknown), await forgot(suspended.email)];
    expect(answers.map(({ status, body }) => [status, body])).toEqual(Array(3).fill([202, '']));
    expect(await identity.mailsTo(unknown)).toEqual([]);
    expect(await identity.mailsTo(suspended.email)).toEqual([]);
  });

  it('takes as long for an unknown address', async () => {
    const millis = async (email: string) => {
      const start = performance.now();
      await forgot(email);
      return performance.now() - start;
    };
    for (let i = 0; i < 3; i++) {
      expect(await millis(someAddress())).toBeGreaterThanOrEqual(70);
      expect(await millis((await identity.person()).email)).toBeGreaterThanOrEqual(70);
    }
  });

  it('mails one address at most ten tokens an hour', async () => {
    const { email } = await identity.person();
    for (let i = 0; i < 12; i++) expect((await forgot(email)).status).toBe(202);
    expect(await identity.mailsTo(email)).toHaveLength(10);
  });
});

describe('400', () => {
  it.each([[undefined], ['nobody'], [['a@example.com']]])('%p', async (email) => {
    expectProblem(await forgot(email), 400, 'request.invalid', '/email');
  });
});
