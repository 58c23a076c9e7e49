import { createPublicKey, randomUUID, sign } from 'node:crypto';

const KEY_ID = 'test';
export const ISSUER = 'roost';

export interface TestUser {
  id: string;
  sessionId: string;
  roles: string[];
  /** A signed access token, valid for ten minutes. */
  token: string;
}

export interface UserOptions {
  id?: string;
  sessionId?: string;
  /** In addition to `guest`. */
  roles?: string[];
  emailVerified?: boolean;
  /** The time of the last authentication; by default now. */
  authTime?: Date;
  /** Overrides of the claims of a valid token: `{ exp: 0 }`, `{ iss: 'another issuer' }`. */
  claims?: Record<string, unknown>;
}

export function testUser(options: UserOptions = {}): TestUser {
  const id = options.id ?? randomUUID();
  const sessionId = options.sessionId ?? randomUUID();
  const roles = [...new Set(['guest', ...(options.roles ?? [])])];
  const now = Math.floor(Date.now() / 1000);
  const token = signToken({
    iss: ISSUER,
    sub: id,
    sid: sessionId,
    roles,
    email_verified: options.emailVerified ?? true,
    auth_time: options.authTime ? Math.floor(options.authTime.getTime() / 1000) : now,
    iat: now,
    exp: now + 600,
    ...options.claims,
  });
  return { id, sessionId, roles, token };
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** RS256 without a library, so that tests share no code with the services. */
export function signToken(claims: object, header: object = {}): string {
  const signed = `${part({ alg: 'RS256', typ: 'JWT', kid: KEY_ID, ...header })}.${part(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey()).toString('base64url')}`;
}

/** The value of `JWKS_URL`: the public key of test tokens. */
export function testJwksUrl(): string {
  const jwk = createPublicKey(privateKey()).export({ format: 'jwk' });
  const keys = { keys: [{ ...jwk, kid: KEY_ID, use: 'sig', alg: 'RS256' }] };
  return `data:application/json;base64,${Buffer.from(JSON.stringify(keys)).toString('base64')}`;
}

function privateKey(): string {
  const key = process.env.ROOST_TEST_JWT_KEY;
  if (!key) throw new Error('This spec needs the key that jest.config.js makes: run it through npm test.');
  return key;
}
