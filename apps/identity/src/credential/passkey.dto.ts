import { z } from 'zod';

const BASE64_URL = 'Must be base64url without padding';

/** Bytes in the JSON of WebAuthn. */
const Bytes = (maxLength: number) =>
  z
    .string()
    .min(1, { error: BASE64_URL })
    .max(maxLength, { error: BASE64_URL })
    .regex(/^[A-Za-z0-9_-]+$/, { error: BASE64_URL });

/** At most 1,023 bytes: WebAuthn, section 4. */
const CredentialId = Bytes(1_364);
const Transports = z.array(z.string().regex(/^[a-z-]{1,32}$/)).max(10);
const OF_THE_BROWSER = 'that `PublicKeyCredential.toJSON()` returns. Other fields are ignored.';

/** Not strict: browsers add fields to these objects. */
export const PasskeyAttestation = z
  .object({
    id: CredentialId,
    rawId: CredentialId,
    type: z.enum(['public-key']),
    response: z.object({
      clientDataJSON: Bytes(8_192),
      attestationObject: Bytes(65_536),
      transports: Transports.optional(),
    }),
  })
  .meta({ id: 'PasskeyAttestation', description: `The new credential ${OF_THE_BROWSER}` });
export type PasskeyAttestation = z.output<typeof PasskeyAttestation>;

export const PasskeyAssertion = z
  .object({
    id: CredentialId,
    rawId: CredentialId,
    type: z.enum(['public-key']),
    response: z.object({
      clientDataJSON: Bytes(8_192),
      authenticatorData: Bytes(8_192),
      signature: Bytes(8_192),
      userHandle: Bytes(128).nullish(),
    }),
  })
  .meta({ id: 'PasskeyAssertion', description: `The credential ${OF_THE_BROWSER}` });
export type PasskeyAssertion = z.output<typeof PasskeyAssertion>;

const CredentialDescriptors = z.array(
  z.object({ id: z.string(), type: z.string(), transports: z.array(z.string()).optional() }),
);
const OPTIONS =
  'For `PublicKeyCredential.parse…OptionsFromJSON()`. The challenge works once and expires after five minutes.';

export const PasskeyCreationOptions = z
  .object({
    challenge: z.string(),
    rp: z.object({ id: z.string().optional(), name: z.string() }),
    user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
    pubKeyCredParams: z.array(z.object({ type: z.string(), alg: z.int() })),
    timeout: z.int().optional(),
    attestation: z.string().optional(),
    excludeCredentials: CredentialDescriptors.optional(),
    authenticatorSelection: z
      .object({
        residentKey: z.string().optional(),
        requireResidentKey: z.boolean().optional(),
        userVerification: z.string().optional(),
      })
      .optional(),
  })
  .meta({ id: 'PasskeyCreationOptions', description: OPTIONS });
export type PasskeyCreationOptions = z.output<typeof PasskeyCreationOptions>;

export const PasskeyRequestOptions = z
  .object({
    challenge: z.string(),
    rpId: z.string().optional(),
    timeout: z.int().optional(),
    userVerification: z.string().optional(),
    allowCredentials: CredentialDescriptors.optional(),
  })
  .meta({ id: 'PasskeyRequestOptions', description: OPTIONS });
export type PasskeyRequestOptions = z.output<typeof PasskeyRequestOptions>;
