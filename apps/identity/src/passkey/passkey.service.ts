import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthUser, PageOf } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { CONFIG, Problem, SystemClock, uuidv7 } from '@roost/platform';
import { lockAccount } from '../account/account-lock.queries.js';
import type { AccountAction } from '../account/account-action.js';
import { recordAccountAction } from '../account/account-log.queries.js';
import { User } from '../account/user.entity.js';
import { PasskeyCheckService } from '../credential/passkey-check.service.js';
import type { PasskeyAssertion, PasskeyCreationOptions } from '../credential/passkey.dto.js';
import type { IdentityConfig } from '../config.js';
import { countSignInMethods } from '../credential/sign-in-methods.queries.js';
import { MailService } from '../mail/mail.service.js';
import type { Tokens } from '../session/session.dto.js';
import { SessionService } from '../session/session.service.js';
import type { Passkey, RegisterPasskey } from './passkey.dto.js';
import {
  countPasskeys,
  deletePasskey,
  insertPasskey,
  listPasskeys,
  type NewPasskey,
  renamePasskey,
} from './passkey.queries.js';

const MAX_PASSKEYS = 20;
/** Statements after the lock of the account see what other requests have committed. */
const READ_COMMITTED = { isolation: 'read committed' } as const;

@Injectable()
export class PasskeyService {
  constructor(
    private readonly transactions: Transactions,
    private readonly passkeys: PasskeyCheckService,
    private readonly sessions: SessionService,
    private readonly mails: MailService,
    private readonly clock: SystemClock,
    private readonly em: EntityManager,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  async beginRegistration(auth: AuthUser): Promise<PasskeyCreationOptions> {
    const user = await this.sessions.requireUser(auth);
    return this.passkeys.optionsForRegistration(user, auth);
  }

  async register(auth: AuthUser, { name, credential }: RegisterPasskey): Promise<Passkey> {
    await this.sessions.requireUser(auth);
    const verified = await this.passkeys.verifyNew(credential, auth);
    const passkey = { ...verified, id: uuidv7(), userId: auth.id, name, createdAt: this.clock.now() };
    await this.transactions.run(async (em) => {
      await lockAccount(em, auth.id);
      const user = await this.sessions.requireUser(auth, em);
      if ((await countPasskeys(em, user.id)) >= MAX_PASSKEYS) throw new Problem('passkey.limit_reached');
      if (!(await insertPasskey(em, passkey))) throw new Problem('passkey.already_registered');
      await this.mails.send(em, user, 'passkey-added', {});
      await this.record(em, 'passkey.added', passkey);
    }, READ_COMMITTED);
    return toView(passkey);
  }

  async list(
    auth: AuthUser,
    query: { limit: number; cursor?: string | undefined },
  ): Promise<PageOf<Passkey>> {
    const user = await this.sessions.requireUser(auth);
    return listPasskeys(this.em.fork(), user.id, query);
  }

  rename(auth: AuthUser, id: string, name: string): Promise<Passkey> {
    return this.transactions.run(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      const renamed = await renamePasskey(em, { id, userId: user.id }, name);
      if (!renamed) throw new Problem('passkey.not_found');
      await this.record(em, 'passkey.renamed', { userId: user.id, name });
      return renamed;
    });
  }

  /**
   * Removes a passkey and ends all other sessions, which it may have opened. Throws 409 `auth.last_sign_in_method` if the user
   * could not log in without it.
   */
  remove(auth: AuthUser, id: string): Promise<User> {
    return this.transactions.run(async (em) => {
      await lockAccount(em, auth.id);
      const user = await this.sessions.requireUser(auth, em);
      const name = await deletePasskey(em, { id, userId: user.id });
      if (name === undefined) throw new Problem('passkey.not_found');
      const issuers = this.config.OIDC_PROVIDERS.map(({ issuer }) => issuer);
      if ((await countSignInMethods(em, user.id, issuers)) === 0)
        throw new Problem('auth.last_sign_in_method');
      await this.sessions.endAll(em, user, 'revoked', auth.sessionId);
      if (!user.mfaEnabled) await this.sessions.resetMfaPassed(em, user);
      await this.mails.send(em, user, 'passkey-removed', {});
      await this.record(em, 'passkey.removed', { userId: user.id, name });
      return user;
    }, READ_COMMITTED);
  }

  /** A passkey is both factors: the session counts as one with a second factor. */
  async logIn(assertion: PasskeyAssertion): Promise<Tokens> {
    const userId = await this.passkeys.verify(assertion);
    const user = await this.transactions.run((em) => em.findOneOrFail(User, { id: userId }));
    return this.sessions.open(user, { method: 'passkey', mfaPassed: true });
  }

  private record(
    em: EntityManager,
    action: AccountAction,
    { userId, name }: Pick<NewPasskey, 'userId' | 'name'>,
  ): Promise<void> {
    return recordAccountAction(em, { userId, action, details: { name } }, this.clock.now());
  }
}

const toView = ({ id, name, backedUp, createdAt }: NewPasskey): Passkey => ({
  ...{ id, name, backedUp },
  createdAt: createdAt.toISOString(),
  lastUsedAt: null,
});
