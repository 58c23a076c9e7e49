import { Instant, Uuid } from '@roost/http';
import { z } from 'zod';

export const OidcProviderList = z
  .object({
    data: z.array(
      z
        .object({ id: z.string(), name: z.string().meta({ description: 'For the button that logs in' }) })
        .meta({ id: 'OidcProvider' }),
    ),
  })
  .meta({ id: 'OidcProviderList' });
export type OidcProviderList = z.output<typeof OidcProviderList>;

export const BeginOidc = z
  .strictObject({
    provider: z.string().max(32).meta({ description: 'The id of a provider' }),
    redirectUri: z.string().max(2_000).meta({
      description:
        'The page of the client that the provider returns to: one of those that the operator has configured',
    }),
  })
  .meta({ id: 'BeginOidc' });
export type BeginOidc = z.output<typeof BeginOidc>;

export const OidcAuthorization = z
  .object({
    authorizationUrl: z.string().meta({ description: 'The page of the provider. Open it in this browser' }),
    token: z.string().meta({
      description: 'Keep it in this browser for the end of the log-in. It works once, for ten minutes',
    }),
  })
  .meta({ id: 'OidcAuthorization' });
export type OidcAuthorization = z.output<typeof OidcAuthorization>;

export const FinishOidc = z
  .strictObject({
    token: z.string().min(1).max(500),
    response: z.string().min(1).max(10_000).meta({
      description: 'The query with which the provider returned to the page, unchanged (`location.search`)',
    }),
  })
  .meta({ id: 'FinishOidc' });
export type FinishOidc = z.output<typeof FinishOidc>;

export const Identity = z
  .object({
    id: Uuid,
    provider: z
      .string()
      .nullable()
      .meta({ description: 'The id of the provider. Null if the operator has removed it' }),
    email: z.string().nullable().meta({ description: 'The address of the account at the provider' }),
    createdAt: Instant,
    lastUsedAt: Instant,
  })
  .meta({ id: 'Identity', description: 'An account at a provider that logs in to the account of the user' });
export type Identity = z.output<typeof Identity>;
