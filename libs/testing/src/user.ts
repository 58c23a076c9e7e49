import { createPublicKey, randomUUID, sign } from 'node:crypto';

const KEY_ID = 'test';
export const ISSUER = 'roost';

export interface TestUser {
  id: string;
  sessionId: string;
  roles: string[];
  /** A signed access token, good for ten minutes. */
  token: string;
}

export interface UserOptions {
  id?: string;
  sessionId?: string;
  /** `guest` everyone is; name what comes on top. */
  roles?: string[];
  emailVerified?: boolean;
  /** When they last proved who they are; now unless given. */
  authTime?: Date;
  /** Instead of what a good token would claim: `{ exp: 0 }`, `{ iss: 'somebody else' }`. */
  claims?: Record<string, unknown>;
}

export function aUser(options: UserOptions = {}): TestUser {
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

/** RS256 by hand: the checker shares no code with what it checks. */
export function signToken(claims: object, header: object = {}): string {
  const signed = `${part({ alg: 'RS256', typ: 'JWT', kid: KEY_ID, ...header })}.${part(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey()).toString('base64url')}`;
}

/** For `JWKS_URL`: the public half of the key that signs test tokens. */
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
