import { createPrivateKey, type JsonWebKey, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Adapter, type AdapterPayload } from 'oidc-provider';
import type { TestResponse } from '@roost/testing';
import { PRIVATE_KEY, type TestIdentity, type Tokens, uniqueAddress } from './identity.fixture.js';

/** The page of the client. The provider returns to it, but the test does not open it. */
export const PAGE = 'https://app.example.com/log-in';

/** Of the key that signs. */
export const KEY_ID = 'key-1';

/** A user of the provider. */
export interface Person {
  sub: string;
  email?: string;
  email_verified?: boolean;
  name?: string;
}

export const aPerson = (changes: Partial<Person> = {}): Person => ({
  sub: randomUUID(),
  email: uniqueAddress(),
  email_verified: true,
  name: 'Ada',
  ...changes,
});

/** The cookies of a browser, by name. */
export type Browser = Map<string, string>;

/** What the provider does instead of responding as it should. */
type Fault = (request: IncomingMessage, response: ServerResponse) => void;

interface ProviderOptions {
  claimsInIdToken?: boolean;
  /** Published instead of the key that signs. */
  publishedKey?: JsonWebKey;
}

/** A real OpenID Connect provider on a port of its own. Its users log in without a form. */
export class TestProvider {
  /** Replaces the responses to the requests that it accepts. */
  fault: Fault | null = null;
  /** How often it asked a user to log in. */
  logIns = 0;
  readonly #people = new Map<string, Person>();

  private constructor(
    private readonly server: Server,
    readonly issuer: string,
  ) {}

  static async start(options: ProviderOptions = {}): Promise<TestProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const test = new TestProvider(server, issuer);
    test.serve(options);
    return test;
  }

  /** Its entry in `OIDC_PROVIDERS`. */
  settings(id: string) {
    const client = { clientId: 'roost', clientSecret: 'secret of the client' };
    return { id, name: `Provider ${id}`, issuer: this.issuer, ...client, redirectUris: [PAGE] };
  }

  /** Opens a URL of the provider in a browser, logs in if it asks, and returns the query with which it returns to the page. */
  async logIn(
    authorizationUrl: string,
    person: Person | 'cancels',
    cookies: Browser = new Map(),
  ): Promise<string> {
    const user = person === 'cancels' ? person : person.sub;
    if (person !== 'cancels') this.#people.set(user, person);
    let url = authorizationUrl;
    while (!url.startsWith(PAGE)) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(url, { headers: { cookie, 'x-user': user }, redirect: 'manual' });
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (location === null) throw new Error(`the provider responded with ${response.status}`);
      url = new URL(location, url).href;
    }
    return new URL(url).search;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve({ claimsInIdToken = true, publishedKey }: ProviderOptions): void {
    const { clientId: client_id, clientSecret: client_secret } = this.settings('');
    const key = createPrivateKey(PRIVATE_KEY).export({ format: 'jwk' });
    const provider = new Provider(this.issuer, {
      adapter: inMemory(),
      clients: [{ client_id, client_secret, redirect_uris: [PAGE], grant_types: ['authorization_code'] }],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      conformIdTokenClaims: !claimsInIdToken,
      cookies: { keys: ['key of the test'] },
      features: { devInteractions: { enabled: false } },
      findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...this.#people.get(sub) }) }),
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256', kid: KEY_ID } as never] },
      // Without a page that asks for consent.
      loadExistingGrant: async ({ oidc }) => {
        const grant = new oidc.provider.Grant({
          clientId: oidc.client?.clientId,
          accountId: oidc.session?.accountId,
        });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
      },
      ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
    });
    const callback = provider.callback();
    this.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (this.fault) return this.fault(request, response);
      if (publishedKey && request.url === '/jwks')
        return void response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ keys: [publishedKey] }));
      if (!request.url?.startsWith('/interaction/')) return void callback(request, response);
      this.logIns += 1;
      const user = String(request.headers['x-user']);
      const result = user === 'cancels' ? { error: 'access_denied' } : { login: { accountId: user } };
      void provider.interactionFinished(request, response, result);
    });
  }
}

/** The storage of a provider. Its own default warns that it is not for production. */
function inMemory(): (model: string) => Adapter {
  const rows = new Map<string, AdapterPayload>();
  const deleteWhere = (matches: (row: AdapterPayload) => boolean) => {
    for (const [key, row] of rows) if (matches(row)) rows.delete(key);
  };
  return (model) => ({
    upsert: async (id, row) => void rows.set(`${model} ${id}`, row),
    find: async (id) => rows.get(`${model} ${id}`),
    findByUid: async (uid) => [...rows.values()].find((row) => row.kind === model && row.uid === uid),
    findByUserCode: async () => undefined,
    consume: async (id) => void Object.assign(rows.get(`${model} ${id}`) ?? {}, { consumed: true }),
    destroy: async (id) => void rows.delete(`${model} ${id}`),
    revokeByGrantId: async (grantId) => deleteWhere((row) => row.grantId === grantId),
  });
}

export interface Authorization {
  authorizationUrl: string;
  token: string;
}

/** The requests of a client that logs in with providers. */
export class OidcClient {
  constructor(
    private readonly identity: TestIdentity,
    private readonly provider: TestProvider,
    private readonly id: string,
  ) {}

  async begin(accessToken?: string): Promise<Authorization> {
    const client = accessToken === undefined ? this.identity.anonymous : this.identity.with(accessToken);
    const path = accessToken === undefined ? '/v1/auth/oidc' : '/v1/me/identities';
    const response = await client.post<Authorization>(`${path}/authorization`, {
      provider: this.id,
      redirectUri: PAGE,
    });
    expect(response.status).toBe(200);
    return response.body;
  }

  finish(token: string, response: string): Promise<TestResponse<Tokens>> {
    return this.identity.anonymous.post<Tokens>('/v1/auth/oidc', { token, response });
  }

  async logIn(person: Person | 'cancels'): Promise<TestResponse<Tokens>> {
    const { authorizationUrl, token } = await this.begin();
    return this.finish(token, await this.provider.logIn(authorizationUrl, person));
  }

  async beginStepUp(accessToken: string): Promise<Authorization> {
    const response = await this.identity
      .with(accessToken)
      .post<Authorization>('/v1/auth/step-up/oidc/authorization', { provider: this.id, redirectUri: PAGE });
    expect(response.status).toBe(200);
    return response.body;
  }

  stepUp(
    accessToken: string,
    token: string,
    response: string,
  ): Promise<TestResponse<{ accessToken: string }>> {
    return this.identity
      .with(accessToken)
      .post<{ accessToken: string }>('/v1/auth/step-up/oidc', { token, response });
  }

  async link({ accessToken }: { accessToken: string }, person: Person) {
    const { authorizationUrl, token } = await this.begin(accessToken);
    const response = await this.provider.logIn(authorizationUrl, person);
    return this.identity.with(accessToken).post<{ id: string }>('/v1/me/identities', { token, response });
  }
}
