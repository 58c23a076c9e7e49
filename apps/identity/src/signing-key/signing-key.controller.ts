import { Controller, Get, Header } from '@nestjs/common';
import { HasEtag, RespondsWith, Public, withEtag, Summary } from '@roost/http';
import { z } from 'zod';
import { KEY_SET_MAX_AGE_SECONDS } from './domain/key-schedule.js';
import { SigningKeyService } from './signing-key.service.js';

export const KeySet = z
  .object({
    keys: z.array(
      z.object({
        kty: z.string(),
        kid: z.string(),
        use: z.literal('sig'),
        alg: z.literal('RS256'),
        n: z.string(),
        e: z.string(),
      }),
    ),
  })
  .meta({ id: 'KeySet', description: 'A JSON Web Key Set (RFC 7517)' });
export type KeySet = z.output<typeof KeySet>;

@Controller('.well-known')
export class SigningKeyController {
  constructor(private readonly signingKeys: SigningKeyService) {}

  @Public()
  @Summary('List the signing keys of access tokens')
  @Get('jwks.json')
  @HasEtag()
  @Header('Cache-Control', `public, max-age=${KEY_SET_MAX_AGE_SECONDS}, stale-while-revalidate=60`)
  @RespondsWith(200, KeySet)
  async jwks(): Promise<KeySet> {
    return withEtag(await this.signingKeys.published());
  }
}
