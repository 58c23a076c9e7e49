import { Instant, Uuid } from '@roost/http';
import { z } from 'zod';
import { PasskeyAssertion, PasskeyAttestation } from '../credential/passkey.dto.js';
import { DisplayName } from '../user/user.dto.js';

export const Passkey = z
  .object({
    id: Uuid,
    name: z.string(),
    backedUp: z.boolean().meta({ description: 'Whether the provider of the passkey synchronizes it' }),
    createdAt: Instant,
    lastUsedAt: Instant.nullable(),
  })
  .meta({ id: 'Passkey' });
export type Passkey = z.output<typeof Passkey>;

export const RegisterPasskey = z
  .strictObject({ name: DisplayName, credential: PasskeyAttestation })
  .meta({ id: 'RegisterPasskey' });
export type RegisterPasskey = z.output<typeof RegisterPasskey>;

export const RenamePasskey = z.strictObject({ name: DisplayName }).meta({ id: 'RenamePasskey' });
export type RenamePasskey = z.output<typeof RenamePasskey>;

export const LogInWithPasskey = z
  .strictObject({ credential: PasskeyAssertion })
  .meta({ id: 'LogInWithPasskey' });
export type LogInWithPasskey = z.output<typeof LogInWithPasskey>;
