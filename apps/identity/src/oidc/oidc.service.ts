import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { AuthUser, PageOf } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { hashToken, invalidField, Problem, randomToken, SystemClock, uuidv7 } from '@roost/platform';
import { lockAccount } from '../account/account-lock.queries.js';
import { recordAccountAction } from '../account/account-log.queries.js';
import { UserAccountService } from '../account/user-account.service.js';
import { User } from '../account/user.entity.js';
import { countSignInMethods } from '../credential/sign-in-methods.queries.js';
import { MailService } from '../mail/mail.service.js';
import type { AccessToken, LogInAnswer } from '../session/session.dto.js';
import { SessionService } from '../session/session.service.js';
import { firstMailLocale } from '../user/accept-language.js';
import { DisplayName } from '../user/user.dto.js';
import {
  type ExternalUser,
  OIDC_SIGN_IN_TTL_SECONDS,
  OidcClientService,
  type OidcPurpose,
} from './oidc-client.service.js';
import type { OidcProvider } from './oidc-providers.js';
import type { BeginOidc, FinishOidc, Identity, OidcAuthorization, OidcProviderList } from './oidc.dto.js';
import {
  consumeOidcSignIn,
  deleteIdentity,
  type ExternalIdentity,
  insertIdentity,
  insertOidcSignIn,
  listIdentities,
  recordIdentityUse,
} from './oidc.queries.js';

const SIGN_IN_TTL_MS = OIDC_SIGN_IN_TTL_SECONDS * 1000;
/** The display name of a new user of whom the provider states none. */
const UNNAMED = 'Guest';
/** Statements after the lock of the account see what other requests have committed. */
const READ_COMMITTED = { isolation: 'read committed' } as const;

/** Log-ins with accounts of OpenID Connect providers, and their links to accounts here (docs/adr/0041-openid-connect.md). */
@Injectable()
export class OidcService {
  constructor(
    private readonly transactions: Transactions,
    private readonly client: OidcClientService,
    private readonly sessions: SessionService,
    private readonly users: UserAccountService,
    private readonly mails: MailService,
    private readonly clock: SystemClock,
    private readonly em: EntityManager,
  ) {}

  providers(): OidcProviderList {
    return { data: this.client.providers.map(({ id, name }) => ({ id, name })) };
  }

  /** Begins a log-in, or the link of an account to that of the signed-in user, or their step-up. */
  async begin(
    { provider: id, redirectUri }: BeginOidc,
    auth: AuthUser | null,
    purpose: OidcPurpose = 'log-in',
  ): Promise<OidcAuthorization> {
    if (auth) await this.sessions.requireUser(auth);
    const provider = this.client.providers.find((each) => each.id === id);
    if (!provider) throw invalidField('/provider', 'Must be the id of a provider');
    if (!provider.redirectUris.includes(redirectUri))
      throw invalidField('/redirectUri', 'Must be a redirect URI of the provider');
    const token = randomToken();
    const authorizationUrl = await this.client.authorizationUrl(provider, { token, redirectUri, purpose });
    const signIn = {
      tokenHash: hashToken(token),
      provider: id,
      redirectUri,
      sessionId: auth?.sessionId ?? null,
      expiresAt: new Date(this.clock.now().getTime() + SIGN_IN_TTL_MS),
    };
    await this.transactions.run((em) => insertOidcSignIn(em, signIn), READ_COMMITTED);
    return { authorizationUrl, token };
  }

  /**
   * Logs in to the account that is linked. Otherwise links the account with the same verified mail address, or creates one.
   * Returns a challenge if the user has a second factor.
   */
  async logIn(input: FinishOidc, languages: readonly string[]): Promise<LogInAnswer> {
    const external = await this.finish(input, { auth: null, purpose: 'log-in' });
    const user = await this.transactions.run((em) => this.findOrCreate(em, external, languages));
    return this.sessions.openOrChallenge(user, 'provider');
  }

  /** Links an account of a provider to the signed-in user. Throws 409 `identity.already_linked`. */
  async link(auth: AuthUser, input: FinishOidc): Promise<Identity> {
    await this.sessions.requireUser(auth);
    const external = await this.finish(input, { auth, purpose: 'log-in' });
    return this.transactions.run(async (em) => {
      await lockAccount(em, auth.id);
      const user = await this.sessions.requireUser(auth, em);
      const linked = await this.insert(em, user, external);
      if (!linked) throw new Problem('identity.already_linked');
      return this.toView(linked);
    }, READ_COMMITTED);
  }

  /**
   * Returns an access token with a new `auth_time` for a user who has just logged in at the provider again. Throws 403
   * `auth.wrong_identity` if the account of the provider is not one of the user.
   */
  async stepUp(auth: AuthUser, input: FinishOidc): Promise<AccessToken> {
    await this.sessions.requireUser(auth);
    const external = await this.finish(input, { auth, purpose: 'step-up' });
    const own = { now: this.clock.now(), ownerId: auth.id };
    const user = await this.transactions.run(async (em) => {
      if ((await recordIdentityUse(em, external, own)) === undefined)
        throw new Problem('auth.wrong_identity');
      return this.sessions.requireUser(auth, em);
    });
    return this.sessions.renewAuthTime(auth, user);
  }

  async list(
    auth: AuthUser,
    query: { limit: number; cursor?: string | undefined },
  ): Promise<PageOf<Identity>> {
    const user = await this.sessions.requireUser(auth);
    const found = await listIdentities(this.em.fork(), user.id, query);
    return { ...found, data: found.data.map((identity) => this.toView(identity)) };
  }

  /**
   * Unlinks an account of a provider and ends all other sessions, which it may have opened. Throws 409
   * `auth.last_sign_in_method` if the user could not log in without it.
   */
  unlink(auth: AuthUser, id: string): Promise<User> {
    return this.transactions.run(async (em) => {
      await lockAccount(em, auth.id);
      const user = await this.sessions.requireUser(auth, em);
      const issuer = await deleteIdentity(em, { id, userId: user.id });
      if (issuer === undefined) throw new Problem('identity.not_found');
      if ((await countSignInMethods(em, user.id, this.client.issuers)) === 0)
        throw new Problem('auth.last_sign_in_method');
      await this.sessions.endAll(em, user, 'revoked', auth.sessionId);
      const name = this.nameOf(issuer);
      await this.mails.send(em, user, 'identity-unlinked', { provider: name });
      const recorded = { userId: user.id, action: 'identity.unlinked', details: { name } } as const;
      await recordAccountAction(em, recorded, this.clock.now());
      return user;
    }, READ_COMMITTED);
  }

  /** Consumes the sign-in before its response is verified: a failed response can't be sent again. */
  private async finish(
    { token, response }: FinishOidc,
    { auth, purpose }: { auth: AuthUser | null; purpose: OidcPurpose },
  ): Promise<ExternalUser> {
    const own = { tokenHash: hashToken(token), sessionId: auth?.sessionId ?? null };
    const signIn = await this.transactions.run(
      (em) => consumeOidcSignIn(em, own, this.clock.now()),
      READ_COMMITTED,
    );
    const provider = this.client.providers.find(({ id }) => id === signIn?.provider);
    if (!signIn || !provider) throw new Problem('auth.oidc_invalid');
    const begunAt = new Date(signIn.expiresAt.getTime() - SIGN_IN_TTL_MS);
    const loggedInAfter = purpose === 'step-up' ? begunAt : null;
    return this.client.userOf(provider, { token, redirectUri: signIn.redirectUri, response, loggedInAfter });
  }

  private async findOrCreate(
    em: EntityManager,
    external: ExternalUser,
    languages: readonly string[],
  ): Promise<User> {
    const userId = await recordIdentityUse(em, external, { now: this.clock.now() });
    if (userId !== undefined) return em.findOneOrFail(User, { id: userId });
    const { email } = external;
    // The same response whether or not the address has an account: anyone could state it.
    if (email === null || !external.emailVerified) throw new Problem('auth.oidc_email_unverified');
    const created = await this.users.create(em, {
      email,
      displayName: DisplayName.safeParse(external.name).data ?? UNNAMED,
      locale: firstMailLocale(languages),
      passwordHash: null,
      emailVerified: true,
    });
    if (created) {
      await insertIdentity(em, this.identityOf(external, created));
      return created;
    }
    return this.linkVerified(em, email, external);
  }

  /** Links the account that has the address, if its user has verified it: otherwise a stranger may have registered it. */
  private async linkVerified(em: EntityManager, email: string, external: ExternalUser): Promise<User> {
    const user = await em.findOneOrFail(User, { email });
    await lockAccount(em, user.id);
    if (user.status !== 'active') throw new Problem('account.suspended');
    if (user.emailVerifiedAt === null || !(await this.insert(em, user, external)))
      throw new Problem('auth.identity_not_linked');
    return user;
  }

  /** Inserts an identity and mails its user. Returns null if it or another one of the provider is linked. */
  private async insert(
    em: EntityManager,
    user: User,
    external: ExternalUser,
  ): Promise<ExternalIdentity | null> {
    const identity = this.identityOf(external, user);
    if (!(await insertIdentity(em, identity))) return null;
    const name = this.nameOf(external.issuer);
    await this.mails.send(em, user, 'identity-linked', { provider: name });
    const recorded = { userId: user.id, action: 'identity.linked', details: { name } } as const;
    await recordAccountAction(em, recorded, identity.createdAt);
    return identity;
  }

  private identityOf({ issuer, subject, email }: ExternalUser, { id: userId }: User): ExternalIdentity {
    const now = this.clock.now();
    return { id: uuidv7(), userId, issuer, subject, email, createdAt: now, lastUsedAt: now };
  }

  private toView({ id, issuer, email, createdAt, lastUsedAt }: ExternalIdentity): Identity {
    return {
      ...{ id, provider: this.providerOf(issuer)?.id ?? null, email },
      createdAt: createdAt.toISOString(),
      lastUsedAt: lastUsedAt.toISOString(),
    };
  }

  private nameOf(issuer: string): string {
    return this.providerOf(issuer)?.name ?? new URL(issuer).host;
  }

  private providerOf(issuer: string): OidcProvider | undefined {
    return this.client.providers.find((each) => each.issuer === issuer);
  }
}
