import { expectProblem } from '@roost/testing';
import { type TestIdentity, type TestAccount, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.createUser();
});
afterAll(() => identity.close());

const me = (headers: Record<string, string> = {}) => identity.with(ada.accessToken).get('/v1/me', headers);
const patch = (body: unknown, headers: Record<string, string> = {}) =>
  identity.with(ada.accessToken).patch('/v1/me', body, headers);

describe('GET /v1/me', () => {
  it('200: returns the account without secrets', async () => {
    const { status, body, headers } = await me();
    expect(status).toBe(200);
    expect(body).toEqual({
      id: ada.id,
      email: ada.email,
      displayName: expect.any(String) as string,
      avatarUrl: null,
      locale: 'en',
      bio: '',
      hiddenInBio: [],
      languages: [],
      roles: ['guest'],
      isHost: false,
      emailVerified: true,
      phone: null,
      phoneVerified: false,
      mfaEnabled: false,
      createdAt: expect.stringMatching(/Z$/) as string,
    });
    expect(headers.get('cache-control')).toBe('private, no-cache');
  });

  it('304 for the current ETag, 200 after a change', async () => {
    const etag = (await me()).headers.get('etag') ?? '';
    expect((await me({ 'if-none-match': etag })).status).toBe(304);
    await patch({ displayName: 'Countess' });
    expect((await me({ 'if-none-match': etag })).status).toBe(200);
  });

  it('401 without a token', async () => {
    expectProblem(await identity.anonymous.get('/v1/me'), 401, 'auth.missing_token');
  });

  it('403 for a suspended user', async () => {
    await identity.service.query(`UPDATE user_account SET status = 'suspended' WHERE id = $1`, [ada.id]);
    expectProblem(await me(), 403, 'account.suspended');
  });
});

describe('PATCH /v1/me 200', () => {
  it('changes the given fields only, and publishes the event', async () => {
    const { status, body } = await patch({ displayName: ' Countess of Lovelace ' });
    expect([status, body.displayName, body.locale]).toEqual([200, 'Countess of Lovelace', 'en']);
    expect((await patch({ locale: 'pt-BR' })).body).toMatchObject({
      displayName: 'Countess of Lovelace',
      locale: 'pt-BR',
    });
    const events = await identity.service.query<{ version: number; name: string }>(
      `SELECT aggregate_version AS version, body->>'displayName' AS name FROM outbox_event
        WHERE key = $1 AND type = 'user.profile-changed' ORDER BY xid, id`,
      [ada.id],
    );
    expect(events.map(({ version, name }) => [Number(version), name])).toEqual([
      [2, 'Countess of Lovelace'],
      [3, 'Countess of Lovelace'],
    ]);
  });

  it('changes the bio and the languages, without an event: no other service needs them', async () => {
    const etag = (await me()).headers.get('etag');
    const profile = { bio: 'I write programs.\n<b>By hand</b>.', languages: ['en-GB', 'fr'] };
    const { status, body, headers } = await patch(profile);
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...profile, hiddenInBio: [] });
    expect(headers.get('etag')).not.toBe(etag);
    expect((await patch({ bio: ' ' })).body).toMatchObject({ bio: '', languages: ['en-GB', 'fr'] });
    const events = await identity.service.published('user.profile-changed');
    expect(events.filter((event) => event.userId === ada.id)).toEqual([]);
  });

  it('tells the user which contact details of the bio the public profile masks', async () => {
    const bio = 'Write to ada@example.com or call +44 20 7946 0958.';
    expect((await patch({ bio })).body).toMatchObject({ bio, hiddenInBio: ['mail', 'phone'] });
    expect((await me()).body).toMatchObject({ bio, hiddenInBio: ['mail', 'phone'] });
    const { body } = await identity.anonymous.get(`/v1/users/${ada.id}`);
    expect(body.bio).toBe('Write to [mail address hidden] or call [phone number hidden].');
  });

  it('publishes no event if nothing changes', async () => {
    const etag = (await me()).headers.get('etag');
    expect((await patch({})).status).toBe(200);
    expect((await patch({ locale: 'en' })).headers.get('etag')).toBe(etag);
    const events = await identity.service.published('user.profile-changed');
    expect(events.filter((event) => event.userId === ada.id)).toEqual([]);
  });

  it('applies all concurrent changes, in versions without a gap', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `Ada ${i}`);
    const responses = await Promise.all(names.map((displayName) => patch({ displayName })));
    expect(responses.map((response) => response.status)).toEqual(Array(8).fill(200));
    const events = await identity.service.query<{ version: number }>(
      'SELECT aggregate_version AS version FROM outbox_event WHERE key = $1 ORDER BY xid, id',
      [ada.id],
    );
    expect(events.map(({ version }) => Number(version))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe('PATCH /v1/me 400', () => {
  it.each<[string, unknown, string]>([
    ['a blank name', { displayName: ' ' }, '/displayName'],
    ['a name of 10,000 characters', { displayName: 'x'.repeat(10_000) }, '/displayName'],
    ['a name with NUL', { displayName: 'a\0b' }, '/displayName'],
    ['a name that is null', { displayName: null }, '/displayName'],
    ['an invalid locale', { locale: 'english' }, '/locale'],
    ['a bio of 1,001 characters', { bio: 'x'.repeat(1_001) }, '/bio'],
    ['a bio with a control character', { bio: 'a\u0007b' }, '/bio'],
    ['a bio without a visible character', { bio: '\u200b' }, '/bio'],
    ['a bio that is no text', { bio: ['Ada'] }, '/bio'],
    ['masked fields', { hiddenInBio: [] }, '/hiddenInBio'],
    ['a language that is no tag', { languages: ['en', 'klingonese'] }, '/languages/1'],
    ['a language twice', { languages: ['en', 'fr', 'en'] }, '/languages'],
    ['11 languages', { languages: 'de en es fr it nl pl pt ru sv tr'.split(' ') }, '/languages'],
    ['roles', { roles: ['admin'] }, '/roles'],
    ['emailVerified', { emailVerified: true }, '/emailVerified'],
    ['email', { email: 'other@example.com' }, '/email'],
    ['id', { id: '019b0000-0000-7000-8000-000000000000' }, '/id'],
  ])('rejects %s', async (_, body, pointer) => {
    expectProblem(await patch(body), 400, 'request.invalid', pointer);
  });

  it('rejects malformed JSON', async () => {
    expectProblem(await patch('{'), 400, 'request.invalid');
  });
});

describe('PATCH /v1/me 412', () => {
  it('rejects an outdated version', async () => {
    const etag = (await me()).headers.get('etag') ?? '';
    expect((await patch({ displayName: 'One' }, { 'if-match': etag })).status).toBe(200);
    expectProblem(
      await patch({ displayName: 'Two' }, { 'if-match': etag }),
      412,
      'request.precondition_failed',
    );
    expect((await me()).body.displayName).toBe('One');
  });
});
