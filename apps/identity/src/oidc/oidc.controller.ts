import { Controller, Delete, Get, Header, Headers, Post } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import {
  acceptedLanguages,
  type AuthUser,
  Body,
  CurrentUser,
  Page,
  PageQuery,
  Param,
  Public,
  QueryParams,
  RespondsWith,
  StepUp,
  Summary,
  Uuid,
  VerifiedEmail,
} from '@roost/http';
import { z } from 'zod';
import { ACCEPT_LANGUAGE } from '../user/accept-language.js';
import { AccessToken, LogInAnswer } from '../session/session.dto.js';
import { BeginOidc, FinishOidc, Identity, OidcAuthorization, OidcProviderList } from './oidc.dto.js';
import { OidcService } from './oidc.service.js';

const IdentityPage = Page(Identity);
const IdentityQuery = z.strictObject(PageQuery);

@Controller('v1')
export class OidcController {
  constructor(private readonly oidc: OidcService) {}

  @Public()
  @Summary('List the OpenID Connect providers')
  @Get('auth/oidc/providers')
  @RespondsWith(200, OidcProviderList)
  providers(): OidcProviderList {
    return this.oidc.providers();
  }

  @Public()
  @Summary('Begin a login with a provider')
  @Post('auth/oidc/authorization')
  @Header('Cache-Control', 'no-store')
  @RespondsWith(200, OidcAuthorization, 'auth.oidc_unavailable')
  begin(@Body(BeginOidc) body: BeginOidc): Promise<OidcAuthorization> {
    return this.oidc.begin(body, null);
  }

  @Public()
  @Summary('Log in with a provider')
  @Post('auth/oidc')
  @Header('Cache-Control', 'no-store')
  @ApiHeader(ACCEPT_LANGUAGE)
  @RespondsWith(
    200,
    LogInAnswer,
    'auth.oidc_invalid',
    'auth.oidc_denied',
    'auth.oidc_email_unverified',
    'auth.identity_not_linked',
    'auth.oidc_unavailable',
    'account.suspended',
  )
  logIn(
    @Body(FinishOidc) body: FinishOidc,
    @Headers() headers: Record<string, string | undefined>,
  ): Promise<LogInAnswer> {
    return this.oidc.logIn(body, acceptedLanguages(headers['accept-language']));
  }

  @Summary('Begin to confirm the identity of the user with a provider')
  @Post('auth/step-up/oidc/authorization')
  @Header('Cache-Control', 'no-store')
  @RespondsWith(200, OidcAuthorization, 'auth.oidc_unavailable')
  beginStepUp(@CurrentUser() auth: AuthUser, @Body(BeginOidc) body: BeginOidc): Promise<OidcAuthorization> {
    return this.oidc.begin(body, auth, 'step-up');
  }

  @Summary('Confirm the identity of the user with a provider')
  @Post('auth/step-up/oidc')
  @Header('Cache-Control', 'no-store')
  @RespondsWith(
    200,
    AccessToken,
    'auth.oidc_invalid',
    'auth.oidc_denied',
    'auth.wrong_identity',
    'auth.oidc_unavailable',
  )
  stepUp(@CurrentUser() auth: AuthUser, @Body(FinishOidc) body: FinishOidc): Promise<AccessToken> {
    return this.oidc.stepUp(auth, body);
  }

  // Otherwise the account of a stranger at a provider, linked before the owner of the address has verified it, would stay linked.
  @Summary('Begin to link an account of a provider')
  @Post('me/identities/authorization')
  @StepUp()
  @VerifiedEmail()
  @Header('Cache-Control', 'no-store')
  @RespondsWith(
    200,
    OidcAuthorization,
    'auth.step_up_required',
    'auth.email_unverified',
    'auth.oidc_unavailable',
  )
  beginLink(@CurrentUser() auth: AuthUser, @Body(BeginOidc) body: BeginOidc): Promise<OidcAuthorization> {
    return this.oidc.begin(body, auth);
  }

  @Summary('Link an account of a provider')
  @Post('me/identities')
  @StepUp()
  @VerifiedEmail()
  @RespondsWith(
    201,
    Identity,
    'auth.step_up_required',
    'auth.email_unverified',
    'auth.oidc_invalid',
    'auth.oidc_denied',
    'auth.oidc_unavailable',
    'identity.already_linked',
  )
  link(@CurrentUser() auth: AuthUser, @Body(FinishOidc) body: FinishOidc): Promise<Identity> {
    return this.oidc.link(auth, body);
  }

  @Summary('List your accounts of providers')
  @Get('me/identities')
  @RespondsWith(200, IdentityPage)
  list(
    @CurrentUser() auth: AuthUser,
    @QueryParams(IdentityQuery) query: z.output<typeof IdentityQuery>,
  ): Promise<z.output<typeof IdentityPage>> {
    return this.oidc.list(auth, query);
  }

  @Summary('Unlink an account of a provider')
  @Delete('me/identities/:id')
  @StepUp()
  @RespondsWith(204, 'auth.step_up_required', 'identity.not_found', 'auth.last_sign_in_method')
  async unlink(@CurrentUser() auth: AuthUser, @Param('id', Uuid) id: string): Promise<void> {
    await this.oidc.unlink(auth, id);
  }
}
