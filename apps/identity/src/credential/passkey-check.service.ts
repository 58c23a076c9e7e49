import { Inject, Injectable } from '@nestjs/common';
import type { AuthUser } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { hashToken, LOGGER, Problem, randomToken, SystemClock } from '@roost/platform';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import type { Logger } from 'pino';
import type { User } from '../account/user.entity.js';
import { type AttemptCounter, sessionCounters } from './domain/attempt-counters.js';
import { parseClientData } from './domain/client-data.js';
import { LoginAttemptService } from './login-attempt.service.js';
import type {
  PasskeyAssertion,
  PasskeyAttestation,
  PasskeyCreationOptions,
  PasskeyRequestOptions,
} from './passkey.dto.js';
import {
  consumePasskeyChallenge,
  findCredentials,
  findPasskey,
  insertPasskeyChallenge,
  type PasskeyPurpose,
  recordPasskeyUse,
  type StoredPasskey,
} from './passkey.queries.js';
import { RelyingParty } from './relying-party.js';

const CHALLENGE_TTL_MS = 5 * 60 * 1000;
/** EdDSA, ES256 and RS256, as IANA numbers them for COSE. */
const ALGORITHMS = [-8, -7, -257];
const VERIFIED_USER = { residentKey: 'required', userVerification: 'required' } as const;

/** The stored values of a new passkey. */
export interface NewCredential {
  credentialId: string;
  publicKey: Buffer;
  signCount: number;
  transports: string[];
  backedUp: boolean;
}

/**
 * The only place that verifies passkeys. The authenticator has to verify its user (by PIN or biometrics), so a passkey is
 * both factors.
 */
@Injectable()
export class PasskeyCheckService {
  constructor(
    private readonly transactions: Transactions,
    private readonly attempts: LoginAttemptService,
    private readonly relyingParty: RelyingParty,
    private readonly clock: SystemClock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** For a log-in: the user chooses one of their passkeys of this domain. */
  async optionsForLogIn(): Promise<PasskeyRequestOptions> {
    return generateAuthenticationOptions({
      rpID: this.relyingParty.id,
      challenge: await this.issueChallenge('log-in', null),
      timeout: CHALLENGE_TTL_MS,
      userVerification: 'required',
    });
  }

  async optionsForStepUp(auth: AuthUser): Promise<PasskeyRequestOptions> {
    return generateAuthenticationOptions({
      rpID: this.relyingParty.id,
      challenge: await this.issueChallenge('step-up', auth.sessionId),
      timeout: CHALLENGE_TTL_MS,
      userVerification: 'required',
      allowCredentials: await this.transactions.run((em) => findCredentials(em, auth.id)),
    });
  }

  async optionsForRegistration(user: User, auth: AuthUser): Promise<PasskeyCreationOptions> {
    return generateRegistrationOptions({
      rpID: this.relyingParty.id,
      rpName: this.relyingParty.name,
      userID: handleOf(user.id),
      userName: user.email,
      userDisplayName: user.displayName,
      challenge: await this.issueChallenge('register', auth.sessionId),
      timeout: CHALLENGE_TTL_MS,
      attestationType: 'none',
      authenticatorSelection: { ...VERIFIED_USER },
      supportedAlgorithmIDs: ALGORITHMS,
      excludeCredentials: await this.transactions.run((em) => findCredentials(em, user.id)),
    });
  }

  /** Returns the new credential of the signed-in user. Throws 422 `passkey.not_verified`. */
  async verifyNew(attestation: PasskeyAttestation, auth: AuthUser): Promise<NewCredential> {
    const { id, rawId, type } = attestation;
    const { clientDataJSON, attestationObject, transports = [] } = attestation.response;
    const expected = await this.expected('register', clientDataJSON, auth.sessionId);
    const result =
      expected &&
      (await this.rejectedAsNull(() =>
        verifyRegistrationResponse({
          response: { id, rawId, type, response: { clientDataJSON, attestationObject }, ...NO_EXTENSIONS },
          ...expected,
          supportedAlgorithmIDs: ALGORITHMS,
        }),
      ));
    if (!result?.verified) throw new Problem('passkey.not_verified');
    const { credential, credentialBackedUp } = result.registrationInfo;
    return {
      credentialId: credential.id,
      publicKey: Buffer.from(credential.publicKey),
      signCount: credential.counter,
      transports,
      backedUp: credentialBackedUp,
    };
  }

  /** Returns the id of the user who logs in with a passkey. Throws 401 `auth.passkey_invalid` or 429 `auth.locked`. */
  async verify(assertion: PasskeyAssertion): Promise<string> {
    const passkey = await this.find(assertion);
    if (!passkey) throw new Problem('auth.passkey_invalid');
    const { userId } = passkey;
    const counters = await this.attempts.countersOfLogIn(passkeyAccount(userId), { id: userId });
    if (!(await this.check(assertion, passkey, { counters, sessionId: null })))
      throw new Problem('auth.passkey_invalid');
    return userId;
  }

  /**
   * Verifies a passkey of the signed-in user. Throws 403 `auth.wrong_passkey` or 429 `auth.locked`. Not 401: the access
   * token is valid.
   */
  async confirm(assertion: PasskeyAssertion, { id, sessionId }: AuthUser): Promise<void> {
    const passkey = await this.find(assertion);
    const counters = sessionCounters(passkeyAccount(id), sessionId);
    if (passkey?.userId !== id || !(await this.check(assertion, passkey, { counters, sessionId })))
      throw new Problem('auth.wrong_passkey');
  }

  private find({ id }: PasskeyAssertion): Promise<StoredPasskey | undefined> {
    return this.transactions.run((em) => findPasskey(em, id));
  }

  private async check(
    assertion: PasskeyAssertion,
    passkey: StoredPasskey,
    { counters, sessionId }: { counters: AttemptCounter[]; sessionId: string | null },
  ): Promise<boolean> {
    await this.attempts.admit(counters);
    const { id, rawId, type } = assertion;
    const { userHandle, ...signed } = assertion.response;
    const purpose = sessionId === null ? 'log-in' : 'step-up';
    const expected = await this.expected(purpose, signed.clientDataJSON, sessionId);
    const handle = handleOf(passkey.userId).toString('base64url');
    if (!expected || (userHandle && userHandle !== handle)) return false;
    const result = await this.rejectedAsNull(() =>
      verifyAuthenticationResponse({
        response: { id, rawId, type, response: signed, ...NO_EXTENSIONS },
        ...expected,
        credential: { id: passkey.credentialId, publicKey: passkey.publicKey, counter: passkey.signCount },
      }),
    );
    if (!result?.verified) return false;
    const { newCounter, credentialBackedUp } = result.authenticationInfo;
    const use = {
      id: passkey.id,
      signCount: newCounter,
      backedUp: credentialBackedUp,
      usedAt: this.clock.now(),
    };
    if (!(await this.transactions.run((em) => recordPasskeyUse(em, use), READ_COMMITTED))) return false;
    await this.attempts.reset(counters);
    return true;
  }

  private async issueChallenge(
    purpose: PasskeyPurpose,
    sessionId: string | null,
  ): Promise<Buffer<ArrayBuffer>> {
    const challenge = randomToken();
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + CHALLENGE_TTL_MS);
    await this.transactions.run(
      (em) =>
        insertPasskeyChallenge(em, { hash: hashToken(challenge), purpose, sessionId }, { now, expiresAt }),
      READ_COMMITTED,
    );
    return Buffer.from(challenge, 'base64url');
  }

  /** Consumes the challenge of a response, and returns the values that the response must match. Null without a valid challenge. */
  private async expected(purpose: PasskeyPurpose, clientDataJSON: string, sessionId: string | null) {
    const data = parseClientData(clientDataJSON);
    if (!data) return null;
    const challenge = { hash: hashToken(data.challenge), purpose, sessionId };
    const issued = await this.transactions.run(
      (em) => consumePasskeyChallenge(em, challenge, this.clock.now()),
      READ_COMMITTED,
    );
    if (!issued) return null;
    if (!this.relyingParty.allows(data.origin)) {
      this.logger.warn({ origin: data.origin }, 'a passkey of an origin that is not allowed was rejected');
      return null;
    }
    return {
      expectedChallenge: data.challenge,
      expectedOrigin: data.origin,
      expectedRPID: this.relyingParty.id,
      requireUserVerification: true,
    };
  }

  /** The library throws an error for each response that breaks a rule. */
  private async rejectedAsNull<T>(verification: () => Promise<T>): Promise<T | null> {
    try {
      return await verification();
    } catch (err) {
      this.logger.warn({ err }, 'a passkey was rejected');
      return null;
    }
  }
}

const READ_COMMITTED = { isolation: 'read committed' } as const;
/** No extension decides anything here. */
const NO_EXTENSIONS = { clientExtensionResults: {} };

/** The name under which failed attempts with the passkeys of a user are counted. */
export const passkeyAccount = (userId: string): string => `passkeys of ${userId}`;

/** The handle under which authenticators store the passkeys of a user: the bytes of the id. */
const handleOf = (userId: string): Buffer<ArrayBuffer> => Buffer.from(userId.replaceAll('-', ''), 'hex');
