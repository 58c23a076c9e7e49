import { expectProblem } from '@roost/testing';
import { type TestIdentity, uniqueAddress, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

const resend = (email: unknown) => identity.anonymous.post('/v1/auth/resend-verification', { email });

describe('202', () => {
  it('mails another token, and either token verifies the address', async () => {
    const email = await identity.register();
    const first = await identity.mailedToken(email, 'verify-email');
    expect((await resend(email)).status).toBe(202);
    const second = await identity.mailedToken(email, 'verify-email');
    expect(second).not.toBe(first);
    expect((await identity.anonymous.post('/v1/auth/verify-email', { token: first })).status).toBe(204);
    const { status } = await identity.anonymous.post('/v1/auth/verify-email', { token: second });
    expect(status).toBe(400);
  });

  it('returns the same response for an unknown and a verified address, and mails neither', async () => {
    const { email } = await identity.createUser();
    const unknown = uniqueAddress();
    const responses = [await resend(email), await resend(unknown), await resend(await identity.register())];
    expect(responses.map(({ status, body }) => [status, body])).toEqual(Array(3).fill([202, '']));
    expect(await identity.mailsTo(email)).toEqual([]);
    expect(await identity.mailsTo(unknown)).toEqual([]);
  });
});

describe('400', () => {
  it.each<[string, unknown]>([
    ['a missing address', undefined],
    ['a malformed address', 'nobody'],
    ['an object', {}],
    ['an address of 10,000 characters', `a@${'b'.repeat(10_000)}.com`],
  ])('rejects %s', async (_, email) => {
    expectProblem(await resend(email), 400, 'request.invalid', '/email');
  });
});
