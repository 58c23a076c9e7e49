import { Inject, Injectable } from '@nestjs/common';
import { Email, tracedFetch } from '@roost/http';
import { CONFIG, hmac, LOGGER, Problem, SystemClock, timeoutSignal } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import * as client from 'openid-client';
import type { Logger } from 'pino';
import type { IdentityConfig } from '../config.js';
import type { OidcProvider } from './oidc-providers.js';

/** A log-in makes at most five requests, which have to end before the time-out of the gateway. */
const TIMEOUT_MS = 4_000;
const MAX_BYTES = 1_000_000;
const METADATA_TTL_MS = 60 * 60 * 1000;
/** While a provider does not respond, its previous metadata is used for this long, and read again at this interval. */
const METADATA_KEPT_MS = 24 * 60 * 60 * 1000;
const METADATA_RETRY_MS = 60 * 1000;

export const OIDC_SIGN_IN_TTL_SECONDS = 10 * 60;
/** The clock of a provider may be behind. */
const CLOCK_TOLERANCE_MS = 30_000;

/** What the response of a provider is for. One of them can't be used for the other. */
export type OidcPurpose = 'log-in' | 'step-up';

interface OidcResponse {
  token: string;
  redirectUri: string;
  response: string;
  loggedInAfter: Date | null;
}

/** What a provider states about the user who logged in there. */
export interface ExternalUser {
  issuer: string;
  subject: string;
  email: string | null;
  emailVerified: boolean;
  name: string | null;
}

interface Metadata {
  readonly configuration: Promise<client.Configuration>;
  readonly readAt: number;
  readonly refreshAt: number;
}

/** Calls OpenID Connect providers. Must not be called in a transaction. */
@Injectable()
export class OidcClientService {
  readonly #metadata = new Map<string, Metadata>();

  constructor(
    @Inject(CONFIG) private readonly config: IdentityConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly clock: SystemClock,
    private readonly tracing: Tracing,
  ) {}

  get providers(): readonly OidcProvider[] {
    return this.config.OIDC_PROVIDERS;
  }

  get issuers(): string[] {
    return this.providers.map(({ issuer }) => issuer);
  }

  /**
   * Returns the URL at the provider to which the client sends the user. For a step-up, the provider asks the user to log in
   * again. Throws 503 `auth.oidc_unavailable`.
   */
  authorizationUrl(
    provider: OidcProvider,
    { token, redirectUri, purpose }: { token: string; redirectUri: string; purpose: OidcPurpose },
  ): Promise<string> {
    return this.call(provider, async () => {
      const { state, nonce, verifier } = secretsOf(token, purpose);
      const parameters = {
        ...(purpose === 'step-up' ? { prompt: 'login', max_age: '0' } : {}),
        redirect_uri: redirectUri,
        scope: provider.scopes.join(' '),
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      };
      const configuration = await this.configurationOf(provider);
      try {
        return client.buildAuthorizationUrl(configuration, parameters).href;
      } catch (error) {
        throw unavailable(error);
      }
    });
  }

  /**
   * Exchanges the code in the query with which the provider returned to the client. With `loggedInAfter`, for a step-up, the
   * provider must state that the user has logged in after that instant, which is at most ten minutes ago. Throws 400
   * `auth.oidc_invalid`, 403 `auth.oidc_denied` or 503 `auth.oidc_unavailable`.
   */
  userOf(
    provider: OidcProvider,
    { token, redirectUri, response, loggedInAfter }: OidcResponse,
  ): Promise<ExternalUser> {
    return this.call(provider, async () => {
      const configuration = await this.configurationOf(provider);
      const { state, nonce, verifier } = secretsOf(token, loggedInAfter ? 'step-up' : 'log-in');
      const url = new URL(redirectUri);
      url.search = response;
      const tokens = await client.authorizationCodeGrant(configuration, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
        // Requires `auth_time`.
        ...(loggedInAfter ? { maxAge: OIDC_SIGN_IN_TTL_SECONDS } : {}),
      });
      const claims = tokens.claims();
      // Of a provider with many issuers, one can state the users of another one.
      if (claims?.iss !== configuration.serverMetadata().issuer || !SUBJECT.test(claims.sub))
        throw new Problem('auth.oidc_invalid');
      if (loggedInAfter && !isRecentLogIn(claims.auth_time, loggedInAfter))
        throw new Problem('auth.oidc_invalid');
      // Some providers state the address only in their UserInfo response.
      const profile =
        claims.email === undefined && configuration.serverMetadata().userinfo_endpoint !== undefined
          ? await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)
          : claims;
      return {
        issuer: provider.issuer,
        subject: claims.sub,
        email: Email.safeParse(profile.email).data ?? null,
        emailVerified: profile.email_verified === true,
        name: textOf(profile.name),
      };
    });
  }

  /** Returns the metadata of a provider, which is read once an hour. A failed read is not stored. */
  private configurationOf(provider: OidcProvider): Promise<client.Configuration> {
    const now = this.clock.now().getTime();
    const known = this.#metadata.get(provider.id);
    if (known && now < known.refreshAt) return known.configuration;
    const isKept = known !== undefined && now - known.readAt < METADATA_KEPT_MS;
    const configuration = this.readMetadata(provider).catch((error: unknown) => {
      if (!isKept) {
        this.#metadata.delete(provider.id);
        throw error;
      }
      const fields = { err: error, provider: provider.id, readAt: new Date(known.readAt) };
      this.logger.warn(fields, 'metadata of an OpenID Connect provider not readable; the previous is used');
      this.#metadata.set(provider.id, { ...known, refreshAt: now + METADATA_RETRY_MS });
      return known.configuration;
    });
    this.#metadata.set(provider.id, { configuration, readAt: now, refreshAt: now + METADATA_TTL_MS });
    return configuration;
  }

  private async readMetadata(provider: OidcProvider): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = provider;
    try {
      const configuration = await client.discovery(
        new URL(issuer),
        clientId,
        undefined,
        authenticationOf(clientSecret),
        {
          [client.customFetch]: (url, request) => this.request(provider, url, request),
          // Of ID tokens, also of those that the token endpoint returned.
          execute: [
            client.enableNonRepudiationChecks,
            // Outside production: `OIDC_PROVIDERS` accepts only https there.
            ...(issuer.startsWith('http:') ? [client.allowInsecureRequests] : []),
          ],
        },
      );
      // The library accepts another issuer for some providers.
      if (new URL(configuration.serverMetadata().issuer).href !== new URL(issuer).href)
        throw new Error('the metadata states another issuer');
      return configuration;
    } catch (error) {
      // Wrong metadata is a fault of the provider or of the settings, not of the log-in.
      throw unavailable(error);
    }
  }

  /** Sends a request without redirects, with a time-out and a limit of the size of the response. */
  private request(
    { id }: OidcProvider,
    url: string,
    { method, headers, body }: client.CustomFetchOptions,
  ): Promise<Response> {
    return tracedFetch(this.tracing, { peer: id, method, url, route: '/' }, async (_headers, onStatus) => {
      try {
        const signal = timeoutSignal(TIMEOUT_MS);
        const request = { method, headers, body: body as BodyInit, redirect: 'manual' as const, signal };
        const response = await fetch(url, request);
        onStatus(response.status);
        const content = await readLimited(response);
        if (response.status >= 500 || response.status === 429)
          throw new Error(`the provider responded with ${response.status}`);
        return new Response(content, { status: response.status, headers: response.headers });
      } catch (error) {
        throw unavailable(error);
      }
    });
  }

  private async call<T>({ id }: OidcProvider, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const problem = problemOf(error);
      const fields = { err: error, provider: id, code: problem.code };
      if (problem.code === 'auth.oidc_unavailable')
        this.logger.warn(fields, 'an OpenID Connect provider is not available');
      else this.logger.info(fields, 'a log-in with an OpenID Connect provider failed');
      throw problem;
    }
  }
}

/** State, nonce and code verifier of a log-in. The provider sees them and can't derive the token from them. */
function secretsOf(token: string, purpose: OidcPurpose): { state: string; nonce: string; verifier: string } {
  const prefix = purpose === 'step-up' ? 'step-up ' : '';
  const derive = (use: string) => hmac(token, prefix + use).toString('base64url');
  return { state: derive('state'), nonce: derive('nonce'), verifier: derive('code verifier') };
}

const isRecentLogIn = (authTime: number | undefined, after: Date): boolean =>
  authTime !== undefined && authTime * 1000 >= after.getTime() - CLOCK_TOLERANCE_MS;

/** Basic is the default of OpenID Connect. */
const authenticationOf =
  (secret: string): client.ClientAuth =>
  (server, ...request) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const inHeader = methods.includes('client_secret_basic');
    const authenticate = inHeader ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret);
    authenticate(server, ...request);
  };

async function readLimited(response: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  if (!response.body) return null;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error('the response of the provider is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function unavailable(cause: unknown): Problem {
  const problem = new Problem('auth.oidc_unavailable', undefined, {}, { 'retry-after': '5' });
  return Object.assign(problem, { cause });
}

/** Errors that a provider reports about the user. The others are of the provider or of the settings. */
const REFUSALS = new Set([
  'access_denied',
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
]);

/** Responses that are not as the protocol states, such as a page with an error. */
const UNUSABLE = new Set([
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
]);

/** By OpenID Connect at most 255 characters of ASCII. */
const SUBJECT = /^[\x20-\x7e]{1,255}$/;

function problemOf(error: unknown): Problem {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof Problem) return at;
    if (at instanceof client.AuthorizationResponseError)
      return REFUSALS.has(at.error) ? new Problem('auth.oidc_denied') : unavailable(error);
    // Any other error of the token endpoint is one of the settings: the client, its secret or its redirect URI.
    if (at instanceof client.ResponseBodyError)
      return at.error === 'invalid_grant' ? new Problem('auth.oidc_invalid') : unavailable(error);
    // The client or its secret is wrong.
    if (at instanceof client.WWWAuthenticateChallengeError) return unavailable(error);
    if (at instanceof client.ClientError && UNUSABLE.has(at.code ?? '')) return unavailable(error);
  }
  return new Problem('auth.oidc_invalid');
}
