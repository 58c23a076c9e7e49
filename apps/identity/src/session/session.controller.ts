import { Controller, Delete, Get, Header, Post } from '@nestjs/common';
import {
  RespondsWith,
  type AuthUser,
  Body,
  CurrentUser,
  OptionalUser,
  Page,
  PageQuery,
  Param,
  Public,
  QueryParams,
  Uuid,
  Summary,
} from '@roost/http';
import { z } from 'zod';
import { PasskeyRequestOptions } from '../credential/passkey.dto.js';
import { RefreshLimiter } from './refresh-limiter.js';
import {
  AccessToken,
  LogIn,
  LogInAnswer,
  LogOut,
  RefreshTokens,
  SessionDto,
  StepUpProof,
  Tokens,
} from './session.dto.js';
import { SessionService } from './session.service.js';
import { StepUpService } from './step-up.service.js';

const SessionPage = Page(SessionDto);
const SessionQuery = z.strictObject(PageQuery);

@Controller('v1')
export class SessionController {
  constructor(
    private readonly sessions: SessionService,
    private readonly stepUps: StepUpService,
    private readonly refreshes: RefreshLimiter,
  ) {}

  @Public()
  @Summary('Log in')
  @Post('auth/login')
  @Header('Cache-Control', 'no-store')
  @RespondsWith(200, LogInAnswer, 'auth.invalid_credentials', 'account.suspended', 'auth.locked')
  logIn(@Body(LogIn) body: LogIn): Promise<LogInAnswer> {
    return this.sessions.logIn(body.email, body.password);
  }

  @Public()
  @Summary('Refresh the tokens of a session')
  @Post('auth/refresh')
  @Header('Cache-Control', 'no-store')
  @RespondsWith(200, Tokens, 'auth.refresh_reused', 'auth.refresh_invalid', 'account.suspended')
  async refresh(@Body(RefreshTokens) body: RefreshTokens): Promise<Tokens> {
    await this.refreshes.consume();
    return this.sessions.refresh(body.refreshToken);
  }

  @OptionalUser()
  @Summary('Log out')
  @Post('auth/logout')
  @RespondsWith(204, 'auth.missing_token', 'auth.invalid_token')
  async logOut(@CurrentUser() user: AuthUser | null, @Body(LogOut) body: LogOut): Promise<void> {
    await this.sessions.logOut(user, body?.refreshToken);
  }

  @Summary('Confirm the identity of the user')
  @Post('auth/step-up')
  @Header('Cache-Control', 'no-store')
  @RespondsWith(
    200,
    AccessToken,
    'auth.wrong_password',
    'auth.wrong_code',
    'auth.wrong_passkey',
    'auth.locked',
  )
  stepUp(@CurrentUser() user: AuthUser, @Body(StepUpProof) body: StepUpProof): Promise<AccessToken> {
    return this.stepUps.confirm(user, body);
  }

  @Summary('Begin to confirm the identity of the user with a passkey')
  @Post('auth/step-up/options')
  @Header('Cache-Control', 'no-store')
  @RespondsWith(200, PasskeyRequestOptions)
  stepUpOptions(@CurrentUser() user: AuthUser): Promise<PasskeyRequestOptions> {
    return this.stepUps.passkeyOptions(user);
  }

  @Summary('List your sessions')
  @Get('me/sessions')
  @RespondsWith(200, SessionPage)
  list(
    @CurrentUser() user: AuthUser,
    @QueryParams(SessionQuery) query: z.output<typeof SessionQuery>,
  ): Promise<z.output<typeof SessionPage>> {
    return this.sessions.list(user, query);
  }

  @Summary('End a session')
  @Delete('me/sessions/:id')
  @RespondsWith(204, 'session.not_found')
  async revoke(@CurrentUser() user: AuthUser, @Param('id', Uuid) id: string): Promise<void> {
    await this.sessions.revoke(user, id);
  }
}
