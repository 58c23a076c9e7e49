import type { FastifyRequest } from 'fastify';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { z } from 'zod';
import { Problem } from '@roost/platform';
import type { AuthUser } from '../context/auth-user.js';
import type { KeySource } from './key-source.js';

const Claims = z.object({
  sub: z.uuid(),
  sid: z.string().min(1).max(100),
  roles: z.array(z.string().max(40)).max(20),
  email_verified: z.boolean(),
  auth_time: z.int().min(0),
  exp: z.int(),
});

const Header = z.object({ alg: z.literal('RS256'), kid: z.string().min(1).max(200) });

const CLOCK_TOLERANCE_SECONDS = 5;
const MAX_TOKEN_LENGTH = 8_192;
const MAX_CACHED = 5_000;

/** `suspended` while the account of a user is suspended, otherwise `ended` for an ended session; null if requests are allowed. */
export type EndOfSession = (user: AuthUser) => Promise<'ended' | 'suspended' | null>;

interface Verified {
  user: AuthUser;
  expiresAtMillis: number;
}

/** Verifies access tokens with passport-jwt: RS256, a key of the key set, the configured issuer. Caches verified tokens. */
export class AccessTokens {
  readonly #verified = new Map<string, Verified>();
  readonly #strategy: Strategy;
  #endOfSession: EndOfSession | null = null;

  constructor(
    private readonly keys: KeySource,
    issuer: string,
  ) {
    keys.onChange = () => this.#verified.clear();
    this.#strategy = new Strategy(
      {
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKeyProvider: (_request: unknown, token: string, done) => void this.#provideKey(token, done),
        algorithms: ['RS256'],
        issuer,
        jsonWebTokenOptions: { clockTolerance: CLOCK_TOLERANCE_SECONDS },
      },
      (claims: unknown, done: (error: null, user: Verified | false) => void) =>
        done(null, toUser(claims) ?? false),
    );
  }

  /** Rejects tokens of ended sessions although they have not expired. */
  rejectEndedSessions(endOfSession: EndOfSession): void {
    this.#endOfSession = endOfSession;
  }

  /**
   * The user of a request, or `null` without a token. Throws 401 `auth.invalid_token` for an invalid token and for an
   * ended session, 403 `account.suspended` for a suspended account.
   */
  userOf(request: FastifyRequest): AuthUser | null | Promise<AuthUser> {
    const user = this.#verifiedUserOf(request);
    if (user === null || this.#endOfSession === null) return user;
    return this.#requireOpenSession(user, this.#endOfSession);
  }

  async #requireOpenSession(user: AuthUser | Promise<AuthUser>, endOf: EndOfSession): Promise<AuthUser> {
    const verified = await user;
    const end = await endOf(verified);
    if (end === null) return verified;
    throw end === 'suspended' ? new Problem('account.suspended') : invalidToken();
  }

  #verifiedUserOf(request: FastifyRequest): AuthUser | null | Promise<AuthUser> {
    const header = request.headers.authorization;
    if (header === undefined) return null;
    if (header.length > MAX_TOKEN_LENGTH) throw invalidToken();
    const cached = this.#verified.get(header);
    if (cached) {
      if (cached.expiresAtMillis > Date.now()) return cached.user;
      this.#verified.delete(header);
      throw invalidToken();
    }
    return this.#verify(request, header);
  }

  async #verify(request: FastifyRequest, header: string): Promise<AuthUser> {
    const verified = await this.#authenticate(request);
    if (this.#verified.size >= MAX_CACHED) {
      for (const oldest of this.#verified.keys()) {
        this.#verified.delete(oldest);
        if (this.#verified.size < MAX_CACHED * 0.9) break;
      }
    }
    this.#verified.set(header, verified);
    return verified.user;
  }

  /** Runs the strategy without passport: its registry is global, and a process can run several services. */
  #authenticate(request: FastifyRequest): Promise<Verified> {
    return new Promise((resolve, reject) => {
      const attempt = Object.create(this.#strategy) as Strategy & {
        success(user: Verified): void;
        fail(reason: unknown): void;
        error(reason: unknown): void;
      };
      attempt.success = (user) => resolve(user);
      attempt.fail = (reason) => reject(reason instanceof Problem ? reason : invalidToken());
      attempt.error = (reason) => reject(reason as Error);
      attempt.authenticate(request as never, {});
    });
  }

  async #provideKey(token: string, done: (error: unknown, key?: string) => void): Promise<void> {
    try {
      const header = headerOf(token);
      const key = header && (await this.keys.key(header.kid));
      if (!key) return done(invalidToken());
      done(null, key as unknown as string); // jsonwebtoken accepts a KeyObject, the types of passport-jwt do not
    } catch (error) {
      done(error);
    }
  }
}

function headerOf(token: string): { kid: string } | null {
  try {
    const parsed = Header.safeParse(
      JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString()),
    );
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function toUser(claims: unknown): Verified | null {
  const parsed = Claims.safeParse(claims);
  if (!parsed.success) return null;
  const { sub, sid, roles, email_verified, auth_time, exp } = parsed.data;
  return {
    user: {
      id: sub,
      sessionId: sid,
      roles,
      emailVerified: email_verified,
      authTime: new Date(auth_time * 1000),
    },
    expiresAtMillis: (exp + CLOCK_TOLERANCE_SECONDS) * 1000,
  };
}

const invalidToken = () =>
  new Problem('auth.invalid_token', undefined, {}, { 'www-authenticate': 'Bearer error="invalid_token"' });
