import { expectProblem } from '@roost/testing';
import { type Identity, someAddress, startIdentity } from './identity.js';

let identity: Identity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

const resend = (email: unknown) => identity.anyone.post('/v1/auth/resend-verification', { email });

describe('202', () => {
  it('mails another token, and either one verifies', async () => {
    const email = await identity.registered();
    const first = await identity.tokenIn(email, 'verify-email');
    expect((await resend(email)).status).toBe(202);
    const second = await identity.tokenIn(email, 'verify-email');
    expect(second).not.toBe(first);
    expect((await identity.anyone.post('/v1/auth/verify-email', { token: first })).status).toBe(204);
    const { status } = await identity.anyone.post('/v1/auth/verify-email', { token: second });
    expect(status).toBe(400);
  });

  it('says the same to an unknown address and to a verified one, and mails neither', async () => {
    const { email } = await identity.person();
    const unknown = someAddress();
    const answers = [await resend(email), await resend(unknown), await resend(await identity.registered())];
    expect(answers.map(({ status, body }) => [status, body])).toEqual(Array(3).fill([202, '']));
    expect(await identity.mailsTo(email)).toEqual([]);
    expect(await identity.mailsTo(unknown)).toEqual([]);
  });
});

describe('400', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no address', 'nobody'],
    ['an object', {}],
    ['10,000 characters', `a@${'b'.repeat(10_000)}.com`],
  ])('%s', async (_, email) => {
    expectProblem(await resend(email), 400, 'request.invalid', '/email');
  });
});
