import { Email, Instant, Uuid } from '@roost/http';
import { z } from 'zod';
import { EnteredPassword, MfaCode } from '../credential/credential.dto.js';
import { logInMethods } from '../credential/domain/log-in-method.js';
import { PasskeyAssertion } from '../credential/passkey.dto.js';
import type { Session } from './session.entity.js';

const SecretToken = z.string().min(1).max(500);

export const LogIn = z.strictObject({ email: Email, password: EnteredPassword }).meta({ id: 'LogIn' });
export type LogIn = z.output<typeof LogIn>;

export const RefreshTokens = z.strictObject({ refreshToken: SecretToken }).meta({ id: 'RefreshTokens' });
export type RefreshTokens = z.output<typeof RefreshTokens>;

export const LogOut = z.strictObject({ refreshToken: SecretToken.optional() }).optional().meta({
  id: 'LogOut',
  description: 'Ends the session of the access token and the session of the refresh token',
});
export type LogOut = z.output<typeof LogOut>;

export const StepUpProof = z
  .strictObject({
    password: EnteredPassword.optional(),
    code: MfaCode.optional(),
    passkey: PasskeyAssertion.optional(),
  })
  .refine((proof) => Object.values(proof).filter((value) => value !== undefined).length === 1, {
    path: ['password'],
    error: 'Exactly one of password, code and passkey is required',
  })
  .meta({ id: 'StepUpProof' });
export type StepUpProof = z.output<typeof StepUpProof>;

export const Tokens = z
  .object({
    accessToken: z.string(),
    refreshToken: z.string(),
    tokenType: z.literal('Bearer'),
    expiresInSeconds: z.int(),
  })
  .meta({ id: 'Tokens' });
export type Tokens = z.output<typeof Tokens>;

export const MfaChallenge = z
  .object({ mfaToken: z.string().meta({ description: 'For POST /v1/auth/mfa. Expires after five minutes' }) })
  .meta({ id: 'MfaChallenge' });
export type MfaChallenge = z.output<typeof MfaChallenge>;

export const LogInAnswer = z.union([Tokens, MfaChallenge]).meta({ id: 'LogInAnswer' });
export type LogInAnswer = z.output<typeof LogInAnswer>;

export const AccessToken = Tokens.omit({ refreshToken: true }).meta({ id: 'AccessToken' });
export type AccessToken = z.output<typeof AccessToken>;

export const SessionDto = z
  .object({
    id: Uuid,
    userAgent: z.string().nullable(),
    method: z
      .enum(logInMethods)
      .nullable()
      .meta({ description: 'How the user logged in. Null for older sessions' }),
    createdAt: Instant,
    lastUsedAt: Instant,
    expiresAt: Instant,
    current: z.boolean().meta({ description: 'Whether this request uses this session' }),
  })
  .meta({ id: 'Session' });
export type SessionDto = z.output<typeof SessionDto>;

export function toSessionDto(session: Session, currentId: string): SessionDto {
  return {
    id: session.id,
    userAgent: session.userAgent,
    method: session.method,
    createdAt: session.createdAt.toISOString(),
    lastUsedAt: session.lastUsedAt.toISOString(),
    expiresAt: session.expiresAt.toISOString(),
    current: session.id === currentId,
  };
}
