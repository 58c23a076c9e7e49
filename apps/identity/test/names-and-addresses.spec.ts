import { expectProblem } from '@roost/testing';
import {
  PASSWORD,
  startIdentity,
  type TestAccount,
  type TestIdentity,
  uniqueAddress,
} from './identity.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.createUser();
});
afterAll(() => identity.close());

const rename = (displayName: unknown) => identity.with(ada.accessToken).patch('/v1/me', { displayName });
const register = (fields: { email?: string; displayName?: string }) =>
  identity.anonymous.post('/v1/auth/register', {
    ...{ email: uniqueAddress(), displayName: 'Ada', password: PASSWORD },
    ...fields,
  });
const templatesTo = async (email: string) => (await identity.mailsTo(email)).map(({ template }) => template);
const accountsOf = (email: string) =>
  identity.service.query('SELECT id FROM user_account WHERE email = $1', [email]);

describe('a display name', () => {
  it.each<[string, string, string]>([
    ['spaces around it', '  Ada  ', 'Ada'],
    ['several spaces', 'Ada   Lovelace', 'Ada Lovelace'],
    ['other spaces', 'Ada\u00a0\u3000Lovelace', 'Ada Lovelace'],
    ['decomposed letters', 'Jose\u0301', 'José'],
  ])('with %s is stored as it looks', async (_, written, stored) => {
    expect(await rename(written)).toMatchObject({ status: 200, body: { displayName: stored } });
  });

  it.each([['<b>Ada</b> & "co"'], ["Ada'; DROP TABLE user_account; --"], ['محمد'], ['👩\u200d👩\u200d👧']])(
    'is kept as it was written: %s',
    async (written) => {
      expect((await rename(written)).body.displayName).toBe(written);
      expect((await identity.anonymous.get(`/v1/users/${ada.id}`)).body.displayName).toBe(written);
    },
  );

  it.each<[string, string]>([
    ['no visible character', '\u200b\u2060'],
    ['a zero-width space', 'A\u200bda'],
    ['a joiner between Latin letters', 'A\u200dda'],
    ['a soft hyphen', 'A\u00adda'],
    ['a Hangul filler', 'Ada\u3164'],
    ['tags', 'Ada\u{e0041}\u{e007f}'],
    ['a reversed direction', 'adA\u202e'],
    ['an Arabic letter mark', '\u061cAda'],
    ['a line break', 'Ada\nLovelace'],
    ['a header', 'Ada\r\nBcc: eve@example.com'],
    ['a line separator', 'Ada\u2028Bcc: eve@example.com'],
    ['a paragraph separator', 'Ada\u2029Bcc: eve@example.com'],
    ['a next line', 'Ada\u0085Bcc: eve@example.com'],
    ['an escape sequence', '\u001b[31mAda'],
  ])('with %s is rejected, at the registration too', async (_, displayName) => {
    expectProblem(await rename(displayName), 400, 'request.invalid', '/displayName');
    expectProblem(await register({ displayName }), 400, 'request.invalid', '/displayName');
  });

  it('with HTML is text in mails', async () => {
    const email = uniqueAddress();
    await register({ email, displayName: '<a href="https://evil.example">Click</a>' });
    const [mail] = await identity.mailsTo(email);
    expect(mail?.html).toContain('&lt;a href=&quot;https://evil.example&quot;&gt;Click&lt;/a&gt;');
    expect(mail?.html).not.toContain('href="https://evil.example"');
  });
});

describe('a mail address', () => {
  it('in another case is that of the same account', async () => {
    const email = uniqueAddress();
    const shouted = email.toUpperCase();
    await register({ email: shouted });
    await identity.anonymous.post('/v1/auth/verify-email', {
      token: await identity.mailedToken(email, 'verify-email'),
    });
    expect((await identity.logIn(shouted, PASSWORD)).status).toBe(200);
    await register({ email: `${shouted.charAt(0).toLowerCase()}${shouted.slice(1)}` });
    expect(await templatesTo(email)).toEqual(['already-registered', 'verify-email']);
    expect(await accountsOf(email)).toHaveLength(1);
  });

  it('with a domain of another script is the same in Punycode', async () => {
    const local = uniqueAddress().replace(/@.*/, '');
    await register({ email: `${local}@MÜLLER.example` });
    await register({ email: `${local}@xn--mller-kva.example` });
    expect(await accountsOf(`${local}@müller.example`)).toHaveLength(1);
    expect(await templatesTo(`${local}@müller.example`)).toEqual(['verify-email', 'verify-email']);
  });

  it.each<[string, (email: string) => string]>([
    ['a Cyrillic letter', (email) => email.replace('e', 'е')],
    ['a Cyrillic letter in its domain', (email) => email.replace('@e', '@е')],
    ['a letter of full width', (email) => email.replace('p', 'ｐ')],
    ['an accent', (email) => email.replace('person', 'pêrson')],
  ])('that looks like another one by %s is of another account', async (_, lookAlike) => {
    const email = uniqueAddress();
    const other = lookAlike(email);
    expect(other).not.toBe(email);
    await register({ email });
    const before = await templatesTo(email);
    await register({ email: other });
    await identity.anonymous.post('/v1/auth/forgot-password', { email: other });
    expect(await templatesTo(email)).toEqual(before);
    expect(await templatesTo(other)).toContain('reset-password');
    expect(await accountsOf(other)).not.toEqual(await accountsOf(email));
  });

  it('with a letter that becomes another one in lower case gets no mail: the mailbox of the account does', async () => {
    const email = `k${uniqueAddress()}`;
    await register({ email });
    await identity.anonymous.post('/v1/auth/forgot-password', { email: email.replace('k', '\u212a') });
    const rows = await identity.service.query<{ recipient: string }>(
      `SELECT DISTINCT recipient FROM mail WHERE template = 'reset-password' AND recipient LIKE $1`,
      [`%${email.slice(1)}`],
    );
    expect(rows).toEqual([{ recipient: email }]);
  });

  it.each<[string, string]>([
    ['a header', 'ada@example.com\r\nBcc: eve@example.com'],
    ['two addresses', 'ada@example.com,eve@example.com'],
    ['a name', 'Ada <ada@example.com>'],
    ['an invisible letter', 'a\u3164da@example.com'],
    ['a zero-width space', 'ada\u200b@example.com'],
    ['a reversed direction', 'ada\u202e@example.com'],
    ['a NUL', 'ada\0@example.com'],
  ])('with %s is rejected', async (_, email) => {
    expectProblem(await register({ email }), 400, 'request.invalid', '/email');
    const change = await identity.with(ada.accessToken).post('/v1/me/email', { email });
    expectProblem(change, 400, 'request.invalid', '/email');
  });
});
