import { jest } from '@jest/globals';
import { expectProblem } from '@roost/testing';
import argon2 from 'argon2';
import { PASSWORD, type TestIdentity, uniqueAddress, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

const register = (body: unknown) => identity.anonymous.post('/v1/auth/register', body);
const registration = () => ({ email: uniqueAddress(), password: PASSWORD, displayName: 'Ada Lovelace' });

describe('202', () => {
  it('creates a guest, mails a token and publishes the event', async () => {
    const ada = registration();
    const response = await register(ada);
    expect(response.status).toBe(202);

    const [mail, ...others] = await identity.mailsTo(ada.email);
    expect(others).toEqual([]);
    expect(mail).toMatchObject({ to: ada.email, template: 'verify-email' });
    expect(mail?.token).toMatch(/^[\w-]{43}$/);
    expect(mail?.text).toContain(mail?.token);
    expect(mail?.html).toContain(mail?.token);

    const events = await identity.service.published('user.registered');
    const [row] = await identity.service.query<{ id: string }>(
      'SELECT id FROM user_account WHERE email = $1',
      [ada.email],
    );
    expect(events.filter((event) => event.userId === row?.id)).toEqual([
      {
        userId: row?.id,
        displayName: 'Ada Lovelace',
        locale: 'en',
        roles: ['guest'],
        emailVerified: false,
        status: 'active',
      },
    ]);
  });

  it('accepts the address in any case and trims the name', async () => {
    const ada = registration();
    await register({ ...ada, email: `  ${ada.email.toUpperCase()} `, displayName: '  Ada ' });
    const login = await identity.logIn(ada.email, PASSWORD);
    const me = await identity.with(login.body.accessToken).get('/v1/me');
    expect(me.body).toMatchObject({ email: ada.email, displayName: 'Ada' });
  });

  it.each([
    ['fr-ca, en;q=0.5', 'fr-CA', 'Confirmez votre adresse e-mail'],
    ['de, fr;q=0.8', 'fr', 'Confirmez votre adresse e-mail'],
    ['de', 'en', 'Confirm your mail address'],
    ['fr-x-private', 'en', 'Confirm your mail address'],
  ])('gives an account of a client that accepts %s the locale %s', async (languages, locale, subject) => {
    const { email, ...ada } = registration();
    await identity.anonymous
      .with({ 'accept-language': languages })
      .post('/v1/auth/register', { email, ...ada });
    const login = await identity.logIn(email, PASSWORD);
    expect((await identity.with(login.body.accessToken).get('/v1/me')).body.locale).toBe(locale);
    expect((await identity.mailsTo(email)).map((mail) => mail.subject)).toEqual([subject]);
  });

  it('accepts an internationalised address, in Punycode too', async () => {
    const local = `иван${Date.now()}`;
    expect((await register({ ...registration(), email: `${local}@пример.рф` })).status).toBe(202);
    expect((await identity.logIn(`${local}@xn--e1afmkfd.xn--p1ai`, PASSWORD)).status).toBe(200);
    expect(await identity.mailsTo(`${local}@пример.рф`)).toMatchObject([{ to: `${local}@пример.рф` }]);
  });

  it('returns the same response for a known address, and mails only that address', async () => {
    const ada = registration();
    const first = await register(ada);
    await identity.anonymous.post('/v1/auth/verify-email', {
      token: await identity.mailedToken(ada.email, 'verify-email'),
    });
    const again = await register({ ...ada, password: 'another long password', displayName: 'Mallory' });
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect([...again.headers.keys()].sort()).toEqual([...first.headers.keys()].sort());
    expect((await identity.mailsTo(ada.email))[0]).toMatchObject({
      template: 'already-registered',
      token: null,
    });
    expect((await identity.logIn(ada.email, 'another long password')).status).toBe(401);
    expect((await identity.logIn(ada.email, PASSWORD)).status).toBe(200);
  });

  it('takes at least the minimum time and hashes one password for known and unknown addresses', async () => {
    const known = registration();
    await register(known);
    const hash = jest.spyOn(argon2, 'hash');
    try {
      for (const body of [known, registration(), known, registration()]) {
        hash.mockClear();
        const start = performance.now();
        await register(body);
        expect(performance.now() - start).toBeGreaterThanOrEqual(70);
        expect(hash.mock.calls.map(([password]) => password)).toEqual([PASSWORD]);
      }
    } finally {
      hash.mockRestore();
    }
  });

  it('discards the password of an earlier, unverified registration of the address', async () => {
    const email = uniqueAddress();
    await register({ email, password: 'the password of mallory', displayName: 'Mallory' });
    const mallory = await identity.logIn(email, 'the password of mallory');
    await register({ email, password: PASSWORD, displayName: 'Ada' });
    await identity.anonymous.post('/v1/auth/resend-verification', { email });
    const verified = await identity.anonymous.post('/v1/auth/verify-email', {
      token: await identity.mailedToken(email, 'verify-email'),
    });
    expect(verified.status).toBe(204);
    expect((await identity.logIn(email, 'the password of mallory')).status).toBe(401);
    expectProblem(await identity.refresh(mallory.body.refreshToken), 401, 'auth.refresh_invalid');
    expectProblem(await identity.with(mallory.body.accessToken).get('/v1/me'), 401, 'auth.invalid_token');
    const ada = await identity.logIn(email, PASSWORD);
    expect((await identity.with(ada.body.accessToken).get('/v1/me')).body).toMatchObject({
      displayName: 'Ada',
      emailVerified: true,
    });
  });

  it('creates one account for concurrent registrations of an address', async () => {
    const ada = registration();
    const responses = await Promise.all(Array.from({ length: 8 }, () => register(ada)));
    expect(responses.map((response) => response.status)).toEqual(Array(8).fill(202));
    const rows = await identity.service.query('SELECT id FROM user_account WHERE email = $1', [ada.email]);
    expect(rows).toHaveLength(1);
  });

  it('stores passwords and tokens as hashes outside the development inbox', async () => {
    const ada = registration();
    await register(ada);
    const token = await identity.mailedToken(ada.email, 'verify-email');
    const tables = ['user_account', 'one_time_token', 'outbox_event', 'login_attempt'];
    for (const table of tables) {
      const rows = await identity.service.query<{ text: string }>(`SELECT t::text AS text FROM ${table} t`);
      expect(rows.filter(({ text }) => text.includes(token) || text.includes(PASSWORD))).toEqual([]);
    }
    const [row] = await identity.service.query<{ password_hash: string }>(
      'SELECT password_hash FROM user_account WHERE email = $1',
      [ada.email],
    );
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$/);
  });

  it('mails one address at most ten tokens an hour', async () => {
    const ada = registration();
    for (let i = 0; i < 12; i++) await register(ada);
    expect(await identity.mailsTo(ada.email)).toHaveLength(10);
  });
});

describe('400', () => {
  const good = { email: 'ada@example.com', password: PASSWORD, displayName: 'Ada' };

  it.each<[string, unknown, string]>([
    ['a missing address', { ...good, email: undefined }, '/email'],
    ['an address without a domain', { ...good, email: 'ada' }, '/email'],
    ['an address that is a number', { ...good, email: 7 }, '/email'],
    ['an address with NUL', { ...good, email: 'a\0da@example.com' }, '/email'],
    ['an address of 10,000 characters', { ...good, email: `${'a'.repeat(10_000)}@example.com` }, '/email'],
    ['a short password', { ...good, password: 'short' }, '/password'],
    ['a password of seven emoji', { ...good, password: '🦉🦊🐻🐼🐨🐯🦁' }, '/password'],
    ['a password of 10,000 characters', { ...good, password: 'ab'.repeat(5_000) }, '/password'],
    ['a blank name', { ...good, displayName: '   ' }, '/displayName'],
    ['a name of invisible characters only', { ...good, displayName: '\u200b\u3164' }, '/displayName'],
    ['a name of 10,000 characters', { ...good, displayName: 'a'.repeat(10_000) }, '/displayName'],
    ['a name with NUL', { ...good, displayName: 'A\0da' }, '/displayName'],
    ['a name of two lines', { ...good, displayName: 'Ada\nBcc: x' }, '/displayName'],
    ['a name that changes the writing direction', { ...good, displayName: 'Ada\u202egpj' }, '/displayName'],
    ['a name with half a surrogate pair', { ...good, displayName: 'Ada \ud83e' }, '/displayName'],
    ['an unknown field', { ...good, roles: ['admin'] }, '/roles'],
    ['a polluted prototype', JSON.stringify(good).replace('{', '{"__proto__":{"admin":true},'), ''],
    ['a list', [good], ''],
    ['null', 'null', ''],
    ['a missing body', undefined, ''],
  ])('rejects %s', async (_, body, pointer) => {
    const response = await register(body);
    expect(response.status).toBe(400);
    expectProblem(response, 400, 'request.invalid', pointer === '' ? undefined : pointer);
  });

  it('rejects malformed JSON', async () => {
    expectProblem(await register('{"email": '), 400, 'request.invalid');
  });

  it('stores nothing for a rejected registration', async () => {
    const rows = await identity.service.query(
      `SELECT id FROM user_account WHERE email LIKE 'ada@example.com'`,
    );
    expect(rows).toEqual([]);
  });
});

describe('413 and 415', () => {
  it('rejects a body over the limit', async () => {
    expectProblem(
      await register({ ...registration(), displayName: 'a'.repeat(1_100_000) }),
      413,
      'request.too_large',
    );
  });

  it('rejects a form', async () => {
    const response = await identity.anonymous.post('/v1/auth/register', 'email=a', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expectProblem(response, 415, 'request.unsupported_media_type');
  });
});

describe('422', () => {
  it.each([
    ['a common password', { password: 'Password123' }],
    ['the address as the password', { email: 'ada@example.com', password: 'ada@example.com' }],
    ['the name as the password', { displayName: 'Ada Lovelace', password: 'ada lovelace' }],
  ])('rejects %s', async (_, part) => {
    expectProblem(
      await register({ ...registration(), ...part }),
      422,
      'auth.password_too_common',
      '/password',
    );
  });
});
