import { randomUUID } from 'node:crypto';
import { expectProblem } from '@roost/testing';
import type { User } from '../src/account/user.entity.js';
import { SessionService } from '../src/session/session.service.js';
import { claimsOf, startIdentity, type TestAccount, type TestIdentity } from './identity.fixture.js';
import { aPerson, OidcClient, PAGE, type Person, TestProvider } from './oidc.fixture.js';

let provider: TestProvider;
let other: TestProvider;
let identity: TestIdentity;
let oidc: OidcClient;
let ada: TestAccount;
let person: Person;
beforeAll(async () => {
  provider = await TestProvider.start();
  other = await TestProvider.start();
  identity = await startIdentity({
    OIDC_PROVIDERS: JSON.stringify([provider.settings('main'), other.settings('other')]),
  });
  oidc = new OidcClient(identity, provider, 'main');
});
beforeEach(async () => {
  ada = await identity.createUser();
  // At the provider, users may have another address.
  person = aPerson();
});
afterAll(async () => {
  await identity.close();
  await Promise.all([provider.close(), other.close()]);
});

const list = async ({ accessToken } = ada) =>
  (await identity.with(accessToken).get<{ data: Record<string, unknown>[] }>('/v1/me/identities')).body.data;
const unlink = (id: unknown, { accessToken } = ada) =>
  identity.with(accessToken).delete(`/v1/me/identities/${String(id)}`);
const linked = async (account = ada, who = person) => {
  const response = await oidc.link(account, who);
  expect(response.status).toBe(201);
  return response.body.id;
};
const removePassword = ({ id } = ada) =>
  identity.service.query('UPDATE user_account SET password_hash = NULL WHERE id = $1', [id]);

describe('POST /v1/me/identities', () => {
  it('201 links an account, which logs in from then on, and mails the owner', async () => {
    const response = await oidc.link(ada, person);
    expect(response.status).toBe(201);
    expect(response.body).toMatchObject({ provider: 'main', email: person.email });
    expect(await list()).toEqual([response.body]);
    expect((await identity.mailsTo(ada.email))[0]?.template).toBe('identity-linked');
    const { body } = await oidc.logIn(person);
    expect(claimsOf(body.accessToken).sub).toBe(ada.id);
  });

  it('201 links one whose address the provider has not verified', async () => {
    await linked(ada, aPerson({ email: ada.email, email_verified: false }));
    expect(await list()).toHaveLength(1);
  });

  it('400 for a sign-in that another session began, or that began as a log-in', async () => {
    const bob = await identity.createUser();
    for (const begun of [await oidc.begin(bob.accessToken), await oidc.begin()]) {
      const response = await provider.logIn(begun.authorizationUrl, person);
      const link = await identity
        .with(ada.accessToken)
        .post('/v1/me/identities', { token: begun.token, response });
      expectProblem(link, 400, 'auth.oidc_invalid');
    }
    expect(await list()).toEqual([]);
  });

  it('409 for an account that is linked, also to another user', async () => {
    await linked();
    const bob = await identity.createUser();
    expectProblem(await oidc.link(bob, person), 409, 'identity.already_linked');
    expectProblem(await oidc.link(ada, person), 409, 'identity.already_linked');
    expect(await list(bob)).toEqual([]);
  });

  it('409 for a second account of the same provider', async () => {
    await linked();
    expectProblem(await oidc.link(ada, aPerson()), 409, 'identity.already_linked');
  });

  it('403 without a verified mail address', async () => {
    const bob = await identity.createUser({ emailVerified: false });
    const client = identity.with(bob.accessToken);
    const begin = { provider: 'main', redirectUri: PAGE };
    expectProblem(await client.post('/v1/me/identities/authorization', begin), 403, 'auth.email_unverified');
    const finish = { token: 'x', response: 'code=x' };
    expectProblem(await client.post('/v1/me/identities', finish), 403, 'auth.email_unverified');
  });
});

describe('GET /v1/me/identities', () => {
  it('lists the newest first, in pages, and only those of the user', async () => {
    const first = await linked();
    const response = await new OidcClient(identity, other, 'other').link(ada, aPerson());
    await linked(await identity.createUser(), aPerson());
    const get = async (query: string) =>
      (await identity.with(ada.accessToken).get(`/v1/me/identities?limit=1${query}`)).body as {
        data: { id: string }[];
        nextCursor: string | null;
      };
    const page = await get('');
    expect(page.data.map(({ id }) => id)).toEqual([response.body.id]);
    const next = await get(`&cursor=${page.nextCursor}`);
    expect([next.data.map(({ id }) => id), next.nextCursor]).toEqual([[first], null]);
  });
});

describe('DELETE /v1/me/identities/{id}', () => {
  it('204: it no longer logs in, other sessions end, and the owner is mailed', async () => {
    const id = await linked();
    const { body: session } = await oidc.logIn(person);
    expect((await unlink(id)).status).toBe(204);
    expect(await list()).toEqual([]);
    expectProblem(await identity.refresh(session.refreshToken), 401, 'auth.refresh_invalid');
    expect((await identity.refresh(ada.refreshToken)).status).toBe(200);
    expect((await identity.mailsTo(ada.email))[0]?.template).toBe('identity-unlinked');
    const name = expect.any(String);
    expect(await identity.actionsOf(ada)).toEqual([
      ['identity.unlinked', { name }],
      ['identity.linked', { name }],
      ['account.registered', {}],
    ]);
    const { body } = await oidc.logIn(person);
    expect(claimsOf(body.accessToken).sub).not.toBe(ada.id);
  });

  it('ends also a log-in that was proven before, and opens its session after it', async () => {
    const id = await linked();
    const [proven] = await identity.service.query<User>(
      `SELECT id, password_hash AS "passwordHash", session_epoch AS "sessionEpoch", status, mfa_enabled AS "mfaEnabled"
       FROM user_account WHERE id = $1`,
      [ada.id],
    );
    expect((await unlink(id)).status).toBe(204);
    await expect(
      identity.service.get(SessionService).openOrChallenge(proven as User, 'provider'),
    ).rejects.toMatchObject({ code: 'auth.oidc_invalid' });
  });

  it('404 for an unknown one and for one of another user', async () => {
    const id = await linked();
    expectProblem(await unlink(id, await identity.createUser()), 404, 'identity.not_found');
    expectProblem(await unlink(randomUUID()), 404, 'identity.not_found');
    expect(await list()).toHaveLength(1);
  });

  it('409 for the only way to log in', async () => {
    const id = await linked();
    await removePassword();
    expectProblem(await unlink(id), 409, 'auth.last_sign_in_method');
    const response = await new OidcClient(identity, other, 'other').link(ada, aPerson());
    expect((await unlink(id)).status).toBe(204);
    expectProblem(await unlink(response.body.id), 409, 'auth.last_sign_in_method');
    // The operator has removed a provider.
    await identity.service.query(
      `UPDATE external_identity SET issuer = 'https://removed.example/' WHERE id = $1`,
      [response.body.id],
    );
    const again = await linked();
    expectProblem(await unlink(again), 409, 'auth.last_sign_in_method');
    expect((await unlink(response.body.id)).status).toBe(204);
  });
});

describe('GraphQL', () => {
  const graphql = (text: string, variables: Record<string, unknown> = {}, { accessToken } = ada) =>
    identity.with(accessToken).graphql(text, variables);
  const UNLINK = 'mutation ($id: ID!) { unlinkIdentity(id: $id) { id } }';

  it('lists the identities of the caller', async () => {
    await linked();
    const all = '{ identities { edges { node { id provider email createdAt lastUsedAt } } } }';
    expect((await graphql(all)).data?.identities).toEqual({
      edges: (await list()).map((node) => ({ node })),
    });
    expect((await graphql(all, {}, await identity.createUser())).data?.identities).toEqual({ edges: [] });
  });

  it('unlinks after a step-up', async () => {
    const id = await linked();
    const refused = await graphql(UNLINK, { id }, await identity.createUser());
    expect(refused.errors).toMatchObject([{ extensions: { code: 'identity.not_found', status: 404 } }]);
    await identity.shiftTime(301);
    const { body: late } = await identity.refresh(ada.refreshToken);
    expect((await graphql(UNLINK, { id }, { ...ada, ...late })).errors).toMatchObject([
      { extensions: { code: 'auth.step_up_required', status: 403 } },
    ]);
    const { body: fresh } = await identity
      .with(late.accessToken)
      .post<TestAccount>('/v1/auth/step-up', { password: ada.password });
    ada = { ...ada, accessToken: fresh.accessToken };
    expect((await graphql(UNLINK, { id })).data?.unlinkIdentity).toEqual({ id: ada.id });
    expect(await list()).toEqual([]);
  });
});

describe('DELETE /v1/me', () => {
  it('erases the identities and the sign-ins in progress: the account of the provider is free', async () => {
    await linked();
    await oidc.begin(ada.accessToken);
    expect((await identity.with(ada.accessToken).delete('/v1/me')).status).toBe(202);
    const left = await identity.service.query(
      `SELECT 1 FROM external_identity WHERE user_id = $1
       UNION ALL SELECT 1 FROM oidc_sign_in WHERE session_id = $2`,
      [ada.id, claimsOf(ada.accessToken).sid],
    );
    expect(left).toEqual([]);
    const { body } = await oidc.logIn(person);
    expect(claimsOf(body.accessToken).sub).not.toBe(ada.id);
  });
});
