import { expectProblem } from '@roost/testing';
import { startIdentity, type TestAccount, type TestIdentity } from './identity.fixture.js';
import { codeFor, enterCode, requestCode, uniqueNetwork, uniquePhone, verifyPhone } from './phone.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
let phone: string;
beforeAll(async () => {
  identity = await startIdentity({ SMS_COUNTRIES: 'FR,US' });
});
beforeEach(async () => {
  ada = await identity.createUser();
  phone = uniquePhone();
});
afterAll(() => identity.close());

const me = async ({ accessToken } = ada) => (await identity.with(accessToken).get('/v1/me')).body;
const request = (to: unknown = phone, network?: string) => requestCode(identity, ada, to, network);
const enter = (code: unknown) => enterCode(identity, ada, code);
const wrong = (code: string | null) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

describe('POST /v1/me/phone', () => {
  it('202: sends a code to the number, which only the owner reads once it is verified', async () => {
    const { status, body } = await request(`${phone.slice(0, 2)} ${phone.slice(2)}`);
    expect(status).toBe(202);
    expect(body).toEqual({ phone, expiresAt: expect.stringMatching(/Z$/) as string });
    expect(await me()).toMatchObject({ phone: null, phoneVerified: false });
    const before = await identity.anonymous.get(`/v1/users/${ada.id}`);
    expect(before.body.phoneVerified).toBe(false);

    const verified = await enter(await codeFor(identity, phone));
    expect(verified).toMatchObject({ status: 200, body: { id: ada.id, phone, phoneVerified: true } });
    expect(await me()).toMatchObject({ phone, phoneVerified: true });
    const profile = await identity.anonymous.get(`/v1/users/${ada.id}`, {
      'if-none-match': before.headers.get('etag') ?? '',
    });
    expect(profile).toMatchObject({ status: 200, body: { phoneVerified: true } });
    expect(JSON.stringify(profile.body)).not.toContain(phone);
    const events = await identity.service.query('SELECT body FROM outbox_event WHERE key = $1', [ada.id]);
    expect(JSON.stringify(events)).not.toContain(phone);
  });

  it('stores no code in clear', async () => {
    await request();
    const code = await codeFor(identity, phone);
    const [row] = await identity.service.query<{ code_hash: string }>(
      'SELECT code_hash FROM phone_code WHERE phone = $1',
      [phone],
    );
    expect(row?.code_hash).toMatch(/^\$argon2id\$/);
    expect(row?.code_hash).not.toContain(code);
  });

  it('replaces the code before', async () => {
    await request();
    const first = await codeFor(identity, phone);
    const other = uniquePhone();
    await request(other);
    expectProblem(await enter(first), 400, 'phone.code_invalid');
    expect((await enter(await codeFor(identity, other))).body).toMatchObject({ phone: other });
  });

  it('sends one message for an Idempotency-Key', async () => {
    const post = () =>
      identity
        .with(ada.accessToken)
        .post('/v1/me/phone', { phone }, { 'idempotency-key': `phone-${ada.id}` });
    const first = await post();
    expect((await post()).body).toEqual(first.body);
    expect(
      await identity.service.query('SELECT 1 FROM phone_code WHERE user_id = $1', [ada.id]),
    ).toHaveLength(1);
  });

  it('answers the same whether or not another account has the number, and both can verify it', async () => {
    const ben = await identity.createUser();
    await verifyPhone(identity, ben, phone);
    const { status, body } = await request();
    expect([status, Object.keys(body)]).toEqual([202, ['phone', 'expiresAt']]);
    await enter(await codeFor(identity, phone));
    expect(await me()).toMatchObject({ phone });
    expect(await me(ben)).toMatchObject({ phone });
  });

  it('is in the language of the user', async () => {
    await identity.with(ada.accessToken).patch('/v1/me', { locale: 'fr' });
    await request();
    const inbox = await identity.anonymous.get(`/dev/inbox?to=${encodeURIComponent(phone)}`);
    expect(JSON.stringify(inbox.body)).toContain('est votre code Roost');
  });

  it.each([
    ['a number of no country', '+999123456789'],
    ['a landline', '+33123456789'],
    ['no number', 'phone'],
    ['null', null],
  ])('400 rejects %s', async (_, to) => {
    expectProblem(await request(to), 400, 'request.invalid', '/phone');
  });

  it('422 rejects a number of another country', async () => {
    expectProblem(await request('+14165550199'), 422, 'phone.country_not_supported');
  });

  it('403 rejects a user whose mail address is not verified', async () => {
    ada = await identity.createUser({ emailVerified: false });
    expectProblem(await request(), 403, 'auth.email_unverified');
  });
});

describe('the limits of text messages', () => {
  it('429 after three codes in an hour for one user, also at once and with other numbers', async () => {
    const responses = await Promise.all(Array.from({ length: 8 }, () => request(uniquePhone())));
    const statuses = responses.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array<number>(3).fill(202), ...Array<number>(5).fill(429)]);
    const response = await request();
    expectProblem(response, 429, 'phone.too_many_codes');
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    await identity.shiftTime(3_601);
    expect((await request()).status).toBe(202);
  });

  it('429 after thirty codes in an hour for one network, whichever user', async () => {
    const network = uniqueNetwork();
    for (let n = 0; n < 30; n += 1) {
      const user = await identity.createUser();
      expect((await requestCode(identity, user, uniquePhone(), network)).status).toBe(202);
    }
    expectProblem(await request(phone, network), 429, 'phone.too_many_codes');
    expect((await request()).status).toBe(202);
  });

  it('202 without a message after three codes in an hour for one number, also after erasures', async () => {
    for (let n = 0; n < 3; n += 1) {
      const user = await identity.createUser();
      await requestCode(identity, user, phone);
      expect((await identity.with(user.accessToken).delete('/v1/me')).status).toBe(202);
    }
    expect((await request()).status).toBe(202);
    expect(await codeFor(identity, phone)).toBeNull();
    await identity.shiftTime(3_601);
    await request();
    expect(await codeFor(identity, phone)).toMatch(/^\d{6}$/);
  });
});

it('429 for a fourth request, also if the number has reached its limit by requests of others', async () => {
  for (let n = 0; n < 3; n += 1) await requestCode(identity, await identity.createUser(), phone);
  const sent = await codeFor(identity, phone);
  for (let n = 0; n < 3; n += 1) expect((await request()).status).toBe(202);
  expect(await codeFor(identity, phone)).toBe(sent);
  expectProblem(await request(), 429, 'phone.too_many_codes');
});

it('counts the networks of an IPv6 site together', async () => {
  const requestFrom = async (address: string) => {
    const user = await identity.createUser();
    const from = { 'x-forwarded-for': address };
    return identity.with(user.accessToken).post('/v1/me/phone', { phone: uniquePhone() }, from);
  };
  for (let n = 0; n < 30; n += 1)
    expect((await requestFrom(`2001:db8:1:${n.toString(16)}::1`)).status).toBe(202);
  expectProblem(await requestFrom('2001:db8:1:ff::1'), 429, 'phone.too_many_codes');
  expect((await requestFrom('2001:db8:2::1')).status).toBe(202);
});

it('429 after the messages of a day to all users', async () => {
  const limited = await startIdentity({ SMS_PER_DAY: '2' });
  try {
    const post = async () => requestCode(limited, await limited.createUser(), uniquePhone());
    for (let n = 0; n < 2; n += 1) expect((await post()).status).toBe(202);
    expectProblem(await post(), 429, 'phone.too_many_codes');
    await limited.shiftTime(86_401);
    expect((await post()).status).toBe(202);
  } finally {
    await limited.close();
  }
});

describe('POST /v1/me/phone/verify', () => {
  it('400 rejects a wrong code, a used one, one of another user, and one that has expired', async () => {
    await request();
    const code = await codeFor(identity, phone);
    expectProblem(await enter(wrong(code)), 400, 'phone.code_invalid');
    const ben = await identity.createUser();
    expectProblem(await enterCode(identity, ben, code), 400, 'phone.code_invalid');
    expect((await enter(code)).status).toBe(200);
    expectProblem(await enter(code), 400, 'phone.code_invalid');
    const other = uniquePhone();
    await request(other);
    const late = await codeFor(identity, other);
    await identity.shiftTime(601);
    expectProblem(await enter(late), 400, 'phone.code_invalid');
    expect(await me()).toMatchObject({ phone });
  });

  it('400 rejects the right code after five wrong ones, also at once', async () => {
    await request();
    const code = await codeFor(identity, phone);
    const guesses = await Promise.all(Array.from({ length: 10 }, () => enter(wrong(code))));
    for (const guess of guesses) expectProblem(guess, 400, 'phone.code_invalid');
    expectProblem(await enter(code), 400, 'phone.code_invalid');
    expect(await me()).toMatchObject({ phone: null });
  });

  it('200 accepts the right code at the fifth try', async () => {
    await request();
    const code = await codeFor(identity, phone);
    for (let n = 0; n < 4; n += 1) await enter(wrong(code));
    expect((await enter(code)).status).toBe(200);
  });

  it.each([['12345'], ['1234567'], ['１２３４５６'], [123_456], [null]])('400 rejects %p', async (code) => {
    expectProblem(await enter(code), 400, 'request.invalid', '/code');
  });
});

describe('DELETE /v1/me/phone', () => {
  it('204: removes the number and the code that is waiting', async () => {
    await verifyPhone(identity, ada, phone);
    await request();
    const code = await codeFor(identity, phone);
    for (let n = 0; n < 2; n += 1)
      expect((await identity.with(ada.accessToken).delete('/v1/me/phone')).status).toBe(204);
    expect(await me()).toMatchObject({ phone: null, phoneVerified: false });
    expectProblem(await enter(code), 400, 'phone.code_invalid');
    expect(await identity.service.tablesWith(phone)).toEqual([]);
    expect(await identity.actionsOf(ada)).toEqual([
      ['phone.removed', {}],
      ['phone.verified', {}],
      ['account.registered', {}],
    ]);
  });
});

it('PATCH /v1/me does not change the number', async () => {
  const response = await identity.with(ada.accessToken).patch('/v1/me', { phone });
  expectProblem(response, 400, 'request.invalid', '/phone');
});

it('verifies by GraphQL, and shows the number to its owner only', async () => {
  const as = (user: TestAccount) => identity.with(user.accessToken);
  const { data: requested } = await as(ada).graphql(
    'mutation ($input: RequestPhoneCodeInput!) { requestPhoneCode(input: $input) { phone expiresAt } }',
    { input: { phone } },
  );
  expect(requested?.requestPhoneCode).toMatchObject({ phone });
  const { data } = await as(ada).graphql(
    'mutation ($input: VerifyPhoneInput!) { verifyPhone(input: $input) { phone phoneVerified } }',
    { input: { code: await codeFor(identity, phone) } },
  );
  expect(data?.verifyPhone).toEqual({ phone, phoneVerified: true });
  const ben = await identity.createUser();
  const read = 'query ($id: ID!) { user(id: $id) { phone phoneVerified } }';
  const { data: seen } = await as(ben).graphql(read, { id: ada.id });
  expect(seen?.user).toEqual({ phone: null, phoneVerified: true });
  const { data: removed } = await as(ada).graphql('mutation { removePhone { phone phoneVerified } }');
  expect(removed?.removePhone).toEqual({ phone: null, phoneVerified: false });
});

it('administrators find the accounts of a number', async () => {
  await verifyPhone(identity, ada, phone);
  const admin = await identity.createUser({ roles: ['admin'] });
  const query = new URLSearchParams({ phone: phone.replace(/^(\+1)/, '$1 ') }).toString();
  const { body } = await identity.with(admin.accessToken).get(`/v1/admin/users?${query}`);
  expect(body.data).toMatchObject([{ id: ada.id, phone }]);
  const malformed = await identity.with(admin.accessToken).get('/v1/admin/users?phone=12');
  expectProblem(malformed, 400, 'request.invalid', 'phone');
});

it('the inbox of development shows text messages beside mails', async () => {
  const email = await identity.register();
  await request();
  const all = (await identity.anonymous.get('/dev/inbox')).body.data as { to: string; template: string }[];
  expect(all[0]).toMatchObject({ to: phone, template: 'phone-code', html: '' });
  expect(all.map(({ to }) => to)).toContain(email);
  const page = await identity.anonymous.get<string>(`/dev/inbox?to=${encodeURIComponent(phone)}`, {
    accept: 'text/html',
  });
  expect(page.body).toContain(`${await codeFor(identity, phone)} is your Roost code`);
  expect(page.body).not.toContain('<iframe');
});
