import { randomBytes } from 'node:crypto';
import { expectProblem } from '@roost/testing';
import { SessionJobs } from '../src/session/session.jobs.js';
import { Authenticator, type Changes, PasskeyClient } from './authenticator.fixture.js';
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
  await passkeys.add(ada, phone);
});
afterAll(() => identity.close());

const rejected = async (credential: unknown) =>
  expectProblem(await passkeys.send(credential), 401, 'auth.passkey_invalid');
const seconds = () => Math.floor(Date.now() / 1000);
const changeFirstByte = (bytes: Buffer) => Buffer.from([(bytes[0] ?? 0) ^ 1, ...bytes.subarray(1)]);
const changeLastByte = (bytes: Buffer) => Buffer.from([...bytes.subarray(0, -1), (bytes.at(-1) ?? 0) ^ 1]);

const TAMPERED: [name: string, changes: Changes][] = [
  ['an unknown challenge', { challenge: randomBytes(32).toString('base64url') }],
  ['another origin', { origin: 'https://localhost.example.com' }],
  ['another domain', { rpId: 'example.com' }],
  ['the response of a registration', { type: 'webauthn.create' }],
  ['a user who was not verified', { userVerified: false }],
  ['the handle of another user', { userHandle: randomBytes(16).toString('base64url') }],
  ['a changed signature', { signature: changeLastByte }],
  ['a malformed signature', { signature: changeFirstByte }],
];

describe('POST /v1/auth/passkeys 200', () => {
  it('opens a session as a log-in with a second factor', async () => {
    const options = await passkeys.logInOptions();
    expect(options).toMatchObject({ rpId: 'localhost', userVerification: 'required' });
    const before = seconds();
    const response = await passkeys.send(phone.get(options));
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toContain('no-store');
    const claims = claimsOf(response.body.accessToken);
    expect(claims.sub).toBe(ada.id);
    expect(claims.auth_time).toBeGreaterThanOrEqual(before);
    expect((await identity.refresh(response.body.refreshToken)).status).toBe(200);
    const { body } = await identity.with(ada.accessToken).get('/v1/me/passkeys');
    expect(body.data).toMatchObject([{ lastUsedAt: expect.stringMatching(/^2/) as string }]);
  });

  it('adds the role admin, and requires no code of a user with an authenticator', async () => {
    const admin = await identity.createUser({ roles: ['admin'] });
    const key = new Authenticator();
    await passkeys.add(admin, key);
    await identity.service.query(
      'UPDATE user_account SET mfa_exempt = false, mfa_enabled = true WHERE id = $1',
      [admin.id],
    );
    const { body } = await passkeys.logIn(key);
    expect(claimsOf(body.accessToken).roles).toEqual(['guest', 'admin']);
  });

  it('accepts the highest counter', async () => {
    phone.counter = 0xffff_ffff;
    expect((await passkeys.logIn(phone)).status).toBe(200);
  });

  it('accepts an authenticator without a counter many times', async () => {
    const synced = new Authenticator(null);
    await passkeys.add(ada, synced);
    for (let n = 0; n < 2; n++) expect((await passkeys.logIn(synced)).status).toBe(200);
  });
});

describe('POST /v1/auth/passkeys 401', () => {
  it.each(TAMPERED)('rejects %s', async (_, changes) => {
    expectProblem(await passkeys.logIn(phone, changes), 401, 'auth.passkey_invalid');
    expect((await passkeys.logIn(phone)).status).toBe(200);
  });

  it('rejects a response that is sent again', async () => {
    const credential = phone.get(await passkeys.logInOptions());
    expect((await passkeys.send(credential)).status).toBe(200);
    await rejected(credential);
  });

  it('accepts one of many concurrent responses to one challenge', async () => {
    const credential = phone.get(await passkeys.logInOptions());
    const responses = await Promise.all(Array.from({ length: 4 }, () => passkeys.send(credential)));
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
  });

  it('rejects a challenge that has expired, and one of a step-up', async () => {
    const late = await passkeys.logInOptions();
    const ofSession = await passkeys.stepUpOptions(ada);
    await rejected(phone.get(ofSession));
    await identity.shiftTime(301);
    await rejected(phone.get(late));
  });

  it.each<[name: string, counter: number | null]>([
    ['has not increased', 5],
    ['has gone back', 4],
    ['is 0 again', null],
  ])('rejects a counter that %s', async (_, counter) => {
    phone.counter = 5;
    expect((await passkeys.logIn(phone)).status).toBe(200);
    phone.counter = counter;
    expectProblem(await passkeys.logIn(phone), 401, 'auth.passkey_invalid');
    phone.counter = 6;
    expect((await passkeys.logIn(phone)).status).toBe(200);
  });

  it('rejects a passkey that does not exist, and one with the id of another', async () => {
    expectProblem(await passkeys.logIn(new Authenticator()), 401, 'auth.passkey_invalid');
    const stranger = new Authenticator();
    const signed = stranger.get(await passkeys.logInOptions());
    await rejected({ ...signed, id: phone.id, rawId: phone.id });
    const own = phone.get(await passkeys.logInOptions());
    await rejected({ ...own, rawId: stranger.id });
  });
});

describe('POST /v1/auth/passkeys 4xx', () => {
  it('400 points to a malformed field', async () => {
    const credential = phone.get(await passkeys.logInOptions());
    for (const signature of ['', 'a b', 'x'.repeat(8_193), null])
      expectProblem(
        await passkeys.send({ ...credential, response: { ...credential.response, signature } }),
        400,
        'request.invalid',
        '/credential/response/signature',
      );
  });

  it('403 for a suspended user', async () => {
    await identity.service.query(`UPDATE user_account SET status = 'suspended' WHERE id = $1`, [ada.id]);
    expectProblem(await passkeys.logIn(phone), 403, 'account.suspended');
  });

  it('429 after five failed attempts, also for a right response, but not for the password', async () => {
    for (let n = 0; n < 5; n++)
      expectProblem(await passkeys.logIn(phone, { rpId: 'example.com' }), 401, 'auth.passkey_invalid');
    const locked = await passkeys.logIn(phone);
    expectProblem(locked, 429, 'auth.locked');
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await identity.logIn(ada.email, ada.password)).status).toBe(200);
    await identity.shiftTime(31);
    expect((await passkeys.logIn(phone)).status).toBe(200);
  });
});

describe('POST /v1/auth/step-up with a passkey', () => {
  let stale: { accessToken: string };
  beforeEach(async () => {
    await identity.shiftTime(301);
    stale = (await identity.refresh(ada.refreshToken)).body;
  });
  const wrong = async (passkey: unknown, session = stale) =>
    expectProblem(await passkeys.stepUp(session, passkey), 403, 'auth.wrong_passkey');

  it('200 returns an access token with a new auth_time', async () => {
    const options = await passkeys.stepUpOptions(stale);
    expect(options).toMatchObject({ allowCredentials: [{ id: phone.id, type: 'public-key' }] });
    const response = await passkeys.stepUp(stale, phone.get(options));
    expect(response.status).toBe(200);
    expectProblem(
      await identity.with(stale.accessToken).post('/v1/me/passkeys/options'),
      403,
      'auth.step_up_required',
    );
    await passkeys.creationOptions(response.body);
  });

  it.each(TAMPERED)('403 rejects %s', async (_, changes) => {
    await wrong(phone.get(await passkeys.stepUpOptions(stale), changes));
  });

  it('403 rejects a passkey of another user', async () => {
    const bob = await identity.createUser();
    const other = new Authenticator();
    await passkeys.add(bob, other);
    await wrong(other.get(await passkeys.stepUpOptions(stale)));
    await wrong(other.get(await passkeys.stepUpOptions(bob)));
  });

  it('403 rejects a challenge of a log-in, of another session and of an earlier response', async () => {
    await wrong(phone.get(await passkeys.logInOptions()));
    const { body: otherSession } = await identity.logIn(ada.email, ada.password);
    await wrong(phone.get(await passkeys.stepUpOptions(otherSession)));
    const credential = phone.get(await passkeys.stepUpOptions(stale));
    expect((await passkeys.stepUp(stale, credential)).status).toBe(200);
    await wrong(credential);
  });

  it('400 for two proofs', async () => {
    const passkey = phone.get(await passkeys.stepUpOptions(stale));
    const both = { passkey, password: ada.password };
    const response = await identity.with(stale.accessToken).post('/v1/auth/step-up', both);
    expectProblem(response, 400, 'request.invalid', '/password');
  });

  it('429 after five failed attempts in the session, not in another one', async () => {
    for (let n = 0; n < 5; n++)
      await wrong(phone.get(await passkeys.stepUpOptions(stale), { rpId: 'example.com' }));
    const right = async (session: { accessToken: string }) =>
      passkeys.stepUp(session, phone.get(await passkeys.stepUpOptions(session)));
    expectProblem(await right(stale), 429, 'auth.locked');
    const { body: other } = await identity.logIn(ada.email, ada.password);
    expect((await right(other)).status).toBe(200);
  });
});

describe('challenges', () => {
  it('are stored as hashes, and deleted after their end', async () => {
    const { challenge } = await passkeys.logInOptions();
    const rows = () =>
      identity.service.query<{ text: string }>('SELECT c::text AS text FROM passkey_challenge c');
    for (const { text } of await rows()) {
      expect(text).not.toContain(challenge);
      expect(text).not.toContain(Buffer.from(challenge, 'base64url').toString('hex'));
    }
    expect(await rows()).not.toEqual([]);
    await identity.service.query(`UPDATE passkey_challenge SET expires_at = now() - interval '1 second'`);
    await identity.service.get(SessionJobs).purge();
    expect(await rows()).toEqual([]);
  });
});
