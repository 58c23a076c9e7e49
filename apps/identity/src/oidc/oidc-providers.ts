import { z } from 'zod';

const Provider = z.strictObject({
  id: z.string().regex(/^[a-z][a-z\d-]{0,31}$/),
  name: z.string().min(1).max(64),
  /** In one spelling: identities are stored by it. */
  issuer: z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).href),
  clientId: z.string().min(1).max(500),
  clientSecret: z.string().min(1).max(2_000),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/))
    .default(['openid', 'email', 'profile'])
    .refine((scopes) => scopes.includes('openid')),
  /** The pages of clients that the provider returns to. They get its parameters as their query. */
  redirectUris: z.array(z.url({ protocol: /^https?$/ }).regex(/^[^?#]+$/)).min(1),
});
export type OidcProvider = z.output<typeof Provider>;

const isUnique = (values: readonly string[]): boolean => new Set(values).size === values.length;

/** The JSON of `OIDC_PROVIDERS`. Identities are stored by issuer, so each issuer is one provider. */
export const OidcProviders = z
  .string()
  .default('[]')
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'Must be JSON' });
      return z.NEVER;
    }
  })
  .pipe(
    z
      .array(Provider)
      .refine((list) => isUnique(list.map(({ id }) => id)) && isUnique(list.map(({ issuer }) => issuer))),
  );

/** Whether all URLs are https: otherwise a code or a token could be read on the way. */
export const usesHttpsOnly = (value: unknown): boolean =>
  (value as OidcProvider[]).every(({ issuer, redirectUris }) =>
    [issuer, ...redirectUris].every((url) => url.startsWith('https:')),
  );
