import { type TestIdentity, type TestAccount, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
let ben: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
  [ada, ben] = await Promise.all([identity.createUser(), identity.createUser()]);
});
afterAll(() => identity.close());

const as = (person: TestAccount) => identity.with(person.accessToken);

const REFERENCES = `query ($of: [_Any!]!) {
  _entities(representations: $of) { ... on User { id displayName email roles } }
}`;
const user = (id: string) => ({ __typename: 'User', id });

describe('Query.me', () => {
  it('returns the account of the token', async () => {
    const { data, errors } = await as(ada).graphql(
      '{ me { id email roles isHost emailVerified createdAt } }',
    );
    expect(errors).toEqual([]);
    expect(data?.me).toMatchObject({ id: ada.id, email: ada.email, roles: ['guest'], isHost: false });
  });

  it('requires a valid token', async () => {
    const none = await identity.anonymous.graphql('{ me { id } }');
    expect(none.errors).toMatchObject([
      { path: ['me'], extensions: { code: 'auth.missing_token', status: 401 } },
    ]);
    const forged = await identity.with('forged').graphql('{ me { id } }');
    expect(forged).toMatchObject({ status: 401, errors: [{ extensions: { code: 'auth.invalid_token' } }] });
  });
});

describe('Query.user', () => {
  it('returns the public profile without private fields', async () => {
    const { data } = await identity.anonymous.graphql(
      'query ($id: ID!) { user(id: $id) { id displayName email locale } }',
      {
        id: ada.id,
      },
    );
    expect(data?.user).toMatchObject({ id: ada.id, email: null, locale: null });
  });

  it('shows the bio of another user without contact details', async () => {
    const bio = 'Call +44 20 7946 0958';
    const input = { bio, languages: ['en'] };
    const update =
      'mutation ($input: UpdateMeInput!) { updateMe(input: $input) { bio hiddenInBio languages } }';
    const { data: own } = await as(ada).graphql(update, { input });
    expect(own?.updateMe).toEqual({ bio, hiddenInBio: ['phone'], languages: ['en'] });
    const { data } = await as(ben).graphql(
      'query ($id: ID!) { user(id: $id) { bio hiddenInBio languages } }',
      {
        id: ada.id,
      },
    );
    expect(data?.user).toEqual({ bio: 'Call [phone number hidden]', hiddenInBio: null, languages: ['en'] });
  });

  it('returns the errors of REST for an unknown and a malformed id', async () => {
    const { errors } = await identity.anonymous.graphql(
      '{ user(id: "0198c0de-0000-7000-8000-000000000000") { id } }',
    );
    expect(errors).toMatchObject([{ extensions: { code: 'user.not_found', status: 404 } }]);
    const { errors: malformed } = await identity.anonymous.graphql('{ user(id: "nobody") { id } }');
    expect(malformed).toMatchObject([
      { extensions: { code: 'request.invalid', errors: [{ parameter: 'id' }] } },
    ]);
  });
});

describe('references to users', () => {
  it('are resolved together, with private fields for the caller only, and null for unknown users', async () => {
    const { data, errors } = await as(ada).graphql<{ _entities: unknown[] }>(REFERENCES, {
      of: [user(ben.id), user('0198c0de-0000-7000-8000-000000000000'), user(ada.id), user("' OR 1=1")],
    });
    expect(errors).toEqual([]);
    expect(data?._entities).toMatchObject([{ id: ben.id, email: null }, null, { email: ada.email }, null]);
  });
});

describe('mutations', () => {
  it('apply the rules of the REST routes', async () => {
    const wrong = await as(ben).graphql('mutation { updateMe(input: { displayName: "" }) { id } }');
    expect(wrong.errors).toMatchObject([
      { extensions: { code: 'request.invalid', errors: [{ pointer: '/displayName' }] } },
    ]);
    const unverified = await identity.createUser({ emailVerified: false });
    const rejected = await as(unverified).graphql('mutation { becomeHost { isHost } }');
    expect(rejected.errors).toMatchObject([{ extensions: { code: 'auth.email_unverified', status: 403 } }]);
  });

  it('accept null for an optional field', async () => {
    const { data } = await as(ben).graphql(
      'mutation { updateMe(input: { displayName: "Ben", locale: null }) { displayName locale } }',
    );
    expect(data?.updateMe).toEqual({ displayName: 'Ben', locale: 'en' });
  });

  it('run once for an Idempotency-Key, and a replay can select other fields', async () => {
    const host = await identity.createUser();
    const key = { 'idempotency-key': `host-${host.id}` };
    const first = await as(host).graphql('mutation { becomeHost { isHost roles } }', {}, key);
    expect(first.data?.becomeHost).toEqual({ isHost: true, roles: ['guest', 'host'] });
    await identity.service.query(`UPDATE user_account SET roles = '{guest}' WHERE id = $1`, [host.id]);
    const again = await as(host).graphql('mutation { becomeHost { id isHost } }', {}, key);
    expect(again.data?.becomeHost).toEqual({ id: host.id, isHost: true });
    const [{ roles } = { roles: [] }] = await identity.service.query<{ roles: string[] }>(
      'SELECT roles FROM user_account WHERE id = $1',
      [host.id],
    );
    expect(roles).toEqual(['guest']);
  });

  it('reject an Idempotency-Key that was used for another request', async () => {
    const key = { 'idempotency-key': 'name' };
    await as(ben).graphql('mutation { updateMe(input: { displayName: "One" }) { id } }', {}, key);
    const other = await as(ben).graphql(
      'mutation { updateMe(input: { displayName: "Two" }) { id } }',
      {},
      key,
    );
    expect(other.errors).toMatchObject([{ extensions: { code: 'idempotency.key_reused', status: 422 } }]);
  });
});

it('masks unexpected errors', async () => {
  await identity.service.query('ALTER TABLE user_account RENAME TO user_account_renamed');
  const { errors } = await as(ada)
    .graphql('{ me { id } }')
    .finally(() => identity.service.query('ALTER TABLE user_account_renamed RENAME TO user_account'));
  expect(errors).toMatchObject([{ extensions: { code: 'internal', status: 500 } }]);
  expect(JSON.stringify(errors)).not.toMatch(/user_account|SELECT|42P01/);
});

it('returns the schema for the gateway', async () => {
  const { body, status } = await identity.anonymous.get<string>('/graphql/sdl');
  expect(status).toBe(200);
  expect(body).toContain('type User @key(fields: "id")');
  const service = await identity.anonymous.graphql<{ _service: { sdl: string } }>('{ _service { sdl } }');
  expect(service.data?._service.sdl).toContain('type User');
});

describe('an ended session', () => {
  it('reads no field, not even the private ones of its own user', async () => {
    const clara = await identity.createUser();
    const own = 'query ($id: ID!) { user(id: $id) { email roles } }';
    expect((await as(clara).graphql(own, { id: clara.id })).data?.user).toMatchObject({ email: clara.email });
    expect((await as(clara).post('/v1/auth/logout')).status).toBe(204);
    for (const response of [
      await as(clara).graphql('{ me { email } }'),
      await as(clara).graphql(own, { id: clara.id }),
      await as(clara).graphql(REFERENCES, { of: [user(clara.id)] }),
    ]) {
      expect(response.errors).toMatchObject([{ extensions: { code: 'auth.invalid_token' } }]);
      expect(JSON.stringify(response.data)).not.toContain(clara.email);
    }
    expect((await as(clara).post('/v1/auth/logout')).status).toBe(204);
  });
});
