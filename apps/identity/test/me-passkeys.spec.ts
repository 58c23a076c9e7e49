import { randomBytes, randomUUID } from 'node:crypto';
import { expectProblem } from '@roost/testing';
import { Authenticator, type Changes, ORIGIN, PasskeyClient } from './authenticator.fixture.js';
import { claimsOf, startIdentity, type TestAccount, type TestIdentity } from './identity.fixture.js';

let identity: TestIdentity;
let passkeys: PasskeyClient;
let ada: TestAccount;
let phone: Authenticator;
beforeAll(async () => {
  identity = await startIdentity();
  passkeys = new PasskeyClient(identity);
});
beforeEach(async () => {
  ada = await identity.createUser();
  phone = new Authenticator();
});
afterAll(() => identity.close());

const list = async ({ accessToken } = ada) =>
  (await identity.with(accessToken).get<{ data: Record<string, unknown>[] }>('/v1/me/passkeys')).body.data;
const rename = (id: string, name: unknown, { accessToken } = ada) =>
  identity.with(accessToken).patch(`/v1/me/passkeys/${id}`, { name });
const remove = (id: string, { accessToken } = ada) =>
  identity.with(accessToken).delete(`/v1/me/passkeys/${id}`);
const forgetPassword = ({ id } = ada) =>
  identity.service.query('UPDATE user_account SET password_hash = NULL WHERE id = $1', [id]);

it('stores no challenge for an Idempotency-Key', async () => {
  const key = { 'idempotency-key': randomUUID() };
  const request = () => identity.with(ada.accessToken).post('/v1/me/passkeys/options', undefined, key);
  const [first, second] = [await request(), await request()];
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(second.body).not.toEqual(first.body);
  expect(await identity.service.query('SELECT FROM idempotency_key WHERE user_id = $1', [ada.id])).toEqual(
    [],
  );
});

describe('POST /v1/me/passkeys 201', () => {
  it('registers a passkey, lists it and mails the owner', async () => {
    const options = await passkeys.creationOptions(ada);
    expect(options).toMatchObject({
      rp: { id: 'localhost', name: 'Roost' },
      user: { name: ada.email },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: [],
    });
    const response = await passkeys.register(ada, phone.create(options));
    expect(response.status).toBe(201);
    expect(response.body).toMatchObject({ name: 'Phone', backedUp: false, lastUsedAt: null });
    expect(await list()).toEqual([response.body]);
    expect((await identity.mailsTo(ada.email))[0]?.template).toBe('passkey-added');
    expect(await passkeys.creationOptions(ada)).toMatchObject({
      excludeCredentials: [{ id: phone.id, type: 'public-key', transports: ['internal'] }],
    });
  });

  it('lists the newest first, in pages', async () => {
    const ids = [await passkeys.add(ada, phone), await passkeys.add(ada, new Authenticator())];
    const get = async (query: string) =>
      (await identity.with(ada.accessToken).get(`/v1/me/passkeys?limit=1${query}`)).body as {
        data: { id: string }[];
        nextCursor: string | null;
      };
    const first = await get('');
    const second = await get(`&cursor=${first.nextCursor}`);
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids.reverse());
    expect(second.nextCursor).toBeNull();
  });
});

describe('GraphQL', () => {
  const graphql = (text: string, variables: Record<string, unknown>, { accessToken } = ada) =>
    identity.with(accessToken).graphql(text, variables);
  const REMOVE = 'mutation ($id: ID!) { removePasskey(id: $id) { id } }';

  it('lists passkeys, and renames one of the caller only', async () => {
    const bob = await identity.createUser();
    const id = await passkeys.add(ada, phone);
    const rename =
      'mutation ($id: ID!, $name: String!) { renamePasskey(id: $id, input: { name: $name }) { id name } }';
    const renamed = await graphql(rename, { id, name: 'Tablet' });
    expect(renamed.data?.renamePasskey).toEqual({ id, name: 'Tablet' });
    const refused = await graphql(rename, { id, name: 'Mine' }, bob);
    expect(refused.errors).toMatchObject([{ extensions: { code: 'passkey.not_found', status: 404 } }]);
    const all = '{ passkeys { edges { node { id name backedUp createdAt lastUsedAt } } } }';
    expect((await graphql(all, {})).data?.passkeys).toEqual({
      edges: (await list()).map((node) => ({ node })),
    });
    expect((await graphql(all, {}, bob)).data?.passkeys).toEqual({ edges: [] });
  });

  it('removes a passkey after a step-up, and ends the other sessions', async () => {
    const id = await passkeys.add(ada, phone);
    const { body: other } = await identity.logIn(ada.email, ada.password);
    await identity.shiftTime(301);
    const { accessToken, refreshToken } = (await identity.refresh(ada.refreshToken)).body;
    const late = { ...ada, accessToken, refreshToken };
    expect((await graphql(REMOVE, { id }, late)).errors).toMatchObject([
      { extensions: { code: 'auth.step_up_required', status: 403 } },
    ]);
    const proof = { password: ada.password };
    const fresh = await identity.with(accessToken).post<TestAccount>('/v1/auth/step-up', proof);
    const removed = await graphql(REMOVE, { id }, { ...late, accessToken: fresh.body.accessToken });
    expect(removed.data?.removePasskey).toEqual({ id: ada.id });
    expect(await list({ ...late, accessToken: fresh.body.accessToken })).toEqual([]);
    expectProblem(await identity.refresh(other.refreshToken), 401, 'auth.refresh_invalid');
  });
});

describe('POST /v1/me/passkeys 422', () => {
  const rejected = async (credential: unknown, account = ada) =>
    expectProblem(await passkeys.register(account, credential), 422, 'passkey.not_verified');

  it.each<[name: string, changes: Changes]>([
    ['an unknown challenge', { challenge: randomBytes(32).toString('base64url') }],
    ['another origin', { origin: 'https://localhost.example.com' }],
    ['another domain', { rpId: 'example.com' }],
    ['the response of a log-in', { type: 'webauthn.get' }],
    ['a user who was not verified', { userVerified: false }],
  ])('rejects %s', async (_, changes) => {
    await rejected(phone.create(await passkeys.creationOptions(ada), changes));
    expect(await list()).toEqual([]);
  });

  it('rejects a challenge that was used or has expired', async () => {
    const options = await passkeys.creationOptions(ada);
    expect((await passkeys.register(ada, phone.create(options))).status).toBe(201);
    await rejected(new Authenticator().create(options));
    const late = await passkeys.creationOptions(ada);
    await identity.shiftTime(301);
    await rejected(new Authenticator().create(late));
  });

  it('rejects a challenge of a failed response', async () => {
    const options = await passkeys.creationOptions(ada);
    await rejected(phone.create(options, { rpId: 'example.com' }));
    await rejected(phone.create(options));
  });

  it('rejects a challenge of another session, and of another purpose', async () => {
    const bob = await identity.createUser();
    await rejected(phone.create(await passkeys.creationOptions(bob)));
    const { body: otherSession } = await identity.logIn(ada.email, ada.password);
    await rejected(phone.create(await passkeys.creationOptions(otherSession)));
    const rp = { id: 'localhost' };
    await rejected(phone.create({ ...(await passkeys.stepUpOptions(ada)), rp }));
    await rejected(phone.create({ ...(await passkeys.logInOptions()), rp }));
  });

  it.each([' ', 'null', '[]', '{}', '{"challenge":1,"origin":2}', '\u0000'])(
    'rejects %j as the data of the client',
    async (data) => {
      const credential = phone.create(await passkeys.creationOptions(ada));
      const clientDataJSON = Buffer.from(data).toString('base64url');
      await rejected({ ...credential, response: { ...credential.response, clientDataJSON } });
    },
  );

  it('rejects an attestation that is no CBOR', async () => {
    const credential = phone.create(await passkeys.creationOptions(ada));
    await rejected({ ...credential, response: { ...credential.response, attestationObject: 'AAAA' } });
  });
});

describe('POST /v1/me/passkeys 4xx', () => {
  it('400 points to a malformed field', async () => {
    const credential = phone.create(await passkeys.creationOptions(ada));
    expectProblem(await passkeys.register(ada, credential, ''), 400, 'request.invalid', '/name');
    for (const id of ['', 'a+b', 'x'.repeat(1_365), 7])
      expectProblem(
        await passkeys.register(ada, { ...credential, id }),
        400,
        'request.invalid',
        '/credential/id',
      );
  });

  it('403 without a verified mail address', async () => {
    const { accessToken } = await identity.createUser({ emailVerified: false });
    const bob = identity.with(accessToken);
    expectProblem(await bob.post('/v1/me/passkeys/options'), 403, 'auth.email_unverified');
    const credential = phone.create(await passkeys.creationOptions(ada));
    expectProblem(await passkeys.register({ accessToken }, credential), 403, 'auth.email_unverified');
  });

  it('409 for a credential of another user', async () => {
    await passkeys.add(ada, phone);
    const bob = await identity.createUser();
    const again = await passkeys.register(bob, phone.create(await passkeys.creationOptions(bob)));
    expectProblem(again, 409, 'passkey.already_registered');
    expect(await list(bob)).toEqual([]);
  });

  it('409 over 20 passkeys', async () => {
    await identity.service.query(
      `INSERT INTO passkey (id, user_id, name, credential_id, public_key, sign_count, transports, backed_up, created_at)
       SELECT uuidv7(), $1, 'Key', md5(n || $2), '', 0, '[]', false, now() FROM generate_series(1, 20) n`,
      [ada.id, randomUUID()],
    );
    const response = await passkeys.register(ada, phone.create(await passkeys.creationOptions(ada)));
    expectProblem(response, 409, 'passkey.limit_reached');
  });
});

describe('PATCH /v1/me/passkeys/{id}', () => {
  it('200 renames a passkey', async () => {
    const id = await passkeys.add(ada, phone);
    expect(await rename(id, 'Telephone')).toMatchObject({ status: 200, body: { id, name: 'Telephone' } });
    expect(await list()).toMatchObject([{ id, name: 'Telephone' }]);
    expect((await identity.actionsOf(ada))[0]).toEqual(['passkey.renamed', { name: 'Telephone' }]);
  });

  it('404 for an unknown passkey and for one of another user', async () => {
    const id = await passkeys.add(ada, phone);
    const bob = await identity.createUser();
    expectProblem(await rename(id, 'Mine', bob), 404, 'passkey.not_found');
    expectProblem(await rename(randomUUID(), 'Mine'), 404, 'passkey.not_found');
  });
});

describe('DELETE /v1/me/passkeys/{id}', () => {
  it('204: the passkey no longer logs in, and the owner is mailed', async () => {
    const id = await passkeys.add(ada, phone);
    expect((await remove(id)).status).toBe(204);
    expect(await list()).toEqual([]);
    expectProblem(await passkeys.logIn(phone), 401, 'auth.passkey_invalid');
    expect((await identity.mailsTo(ada.email))[0]?.template).toBe('passkey-removed');
    expectProblem(await remove(id), 404, 'passkey.not_found');
    expect(await identity.actionsOf(ada)).toEqual([
      ['passkey.removed', { name: 'Phone' }],
      ['passkey.added', { name: 'Phone' }],
      ['account.registered', {}],
    ]);
  });

  it('ends all other sessions of the user', async () => {
    const id = await passkeys.add(ada, phone);
    const { body: other } = await passkeys.logIn(phone);
    expect((await remove(id)).status).toBe(204);
    expectProblem(await identity.refresh(other.refreshToken), 401, 'auth.refresh_invalid');
    expect((await identity.refresh(ada.refreshToken)).status).toBe(200);
  });

  it('404 for a passkey of another user', async () => {
    const id = await passkeys.add(ada, phone);
    expectProblem(await remove(id, await identity.createUser()), 404, 'passkey.not_found');
    expect((await passkeys.logIn(phone)).status).toBe(200);
  });

  it('409 for the only way to log in', async () => {
    const id = await passkeys.add(ada, phone);
    await forgetPassword();
    expectProblem(await remove(id), 409, 'auth.last_sign_in_method');
    expect((await passkeys.logIn(phone)).status).toBe(200);
    await passkeys.add(ada, new Authenticator());
    expect((await remove(id)).status).toBe(204);
  });

  it('409 for one of the last two that are removed at once', async () => {
    const ids = [await passkeys.add(ada, phone), await passkeys.add(ada, new Authenticator())];
    await forgetPassword();
    const responses = await Promise.all(ids.map((id) => remove(id)));
    expect(responses.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect(await list()).toHaveLength(1);
  });

  it('ends the role admin of sessions without another second factor', async () => {
    const admin = await identity.createUser({ roles: ['admin'] });
    const id = await passkeys.add(admin, phone);
    await identity.service.query('UPDATE user_account SET mfa_exempt = false WHERE id = $1', [admin.id]);
    const { body: session } = await passkeys.logIn(phone);
    expect(claimsOf(session.accessToken).roles).toEqual(['guest', 'admin']);
    expect((await remove(id, { ...admin, ...session })).status).toBe(204);
    const { body: refreshed } = await identity.refresh(session.refreshToken);
    expect(claimsOf(refreshed.accessToken).roles).toEqual(['guest']);
  });
});

describe('challenges', () => {
  it('that have expired are deleted when another one is issued', async () => {
    await identity.service.query('DELETE FROM passkey_challenge');
    await passkeys.logInOptions();
    await identity.shiftTime(301);
    await passkeys.logInOptions();
    expect(await identity.service.query('SELECT FROM passkey_challenge WHERE expires_at <= now()')).toEqual(
      [],
    );
  });
});

describe('DELETE /v1/me', () => {
  it('erases the passkeys and their challenges', async () => {
    await passkeys.add(ada, phone);
    await passkeys.stepUpOptions(ada);
    expect((await identity.with(ada.accessToken).delete('/v1/me')).status).toBe(202);
    const left = await identity.service.query(
      `SELECT 1 FROM passkey WHERE user_id = $1 UNION ALL
       SELECT 1 FROM passkey_challenge WHERE session_id = $2`,
      [ada.id, claimsOf(ada.accessToken).sid],
    );
    expect(left).toEqual([]);
    expectProblem(await passkeys.logIn(phone), 401, 'auth.passkey_invalid');
  });
});

describe('settings', () => {
  it('PASSKEY_RP_ID and PASSKEY_ORIGINS name the domain and its pages', async () => {
    const configured = await startIdentity({
      PASSKEY_RP_ID: 'example.com',
      PASSKEY_RP_NAME: 'Stays',
      PASSKEY_ORIGINS: 'https://app.example.com',
    });
    try {
      const client = new PasskeyClient(configured);
      const user = await configured.createUser();
      const options = await client.creationOptions(user);
      expect(options).toMatchObject({ rp: { id: 'example.com', name: 'Stays' } });
      const origin = 'https://app.example.com';
      expect((await client.register(user, phone.create(options, { origin }))).status).toBe(201);
      for (const other of ['https://example.com', 'https://app.example.com:444', 'http://app.example.com'])
        expectProblem(await client.logIn(phone, { origin: other }), 401, 'auth.passkey_invalid');
      expect((await client.logIn(phone, { origin })).status).toBe(200);
      // Development also allows pages of the developer's own machine.
      expect((await client.logIn(phone, { origin: ORIGIN })).status).toBe(200);
    } finally {
      await configured.close();
    }
  });

  it.each<[env: Record<string, string>, reason: string]>([
    [{ PASSKEY_RP_ID: 'example.com', PASSKEY_ORIGINS: 'https://example.org' }, 'https://example.org'],
    [{ PASSKEY_ORIGINS: 'https://app.example.com/path' }, 'PASSKEY_ORIGINS'],
    [{ PASSKEY_RP_ID: 'https://example.com' }, 'PASSKEY_RP_ID'],
    [{ PASSKEY_RP_ID: 'a..b' }, 'PASSKEY_RP_ID'],
    [{ PASSKEY_RP_ID: 'example.com', PUBLIC_URL: 'https://example.org' }, 'https://example.org'],
  ])('%j stops the start', async (env, reason) => {
    await expect(startIdentity(env)).rejects.toThrow(reason);
  });
});
