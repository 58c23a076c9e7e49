import { Controller, Delete, Header, Post } from '@nestjs/common';
import { RespondsWith, type AuthUser, Body, CurrentUser, Public, StepUp, Summary } from '@roost/http';
import { Tokens } from '../session/session.dto.js';
import { ConfirmTotp, PassMfa, RecoveryCodes, TotpEnrolment } from './mfa.dto.js';
import { MfaService } from './mfa.service.js';

@Controller('v1')
export class MfaController {
  constructor(private readonly mfa: MfaService) {}

  @Public()
  @Summary('Complete a login with a second factor')
  @Post('auth/mfa')
  @Header('Cache-Control', 'no-store')
  @RespondsWith(200, Tokens, 'auth.mfa_invalid', 'account.suspended', 'auth.locked')
  pass(@Body(PassMfa) body: PassMfa): Promise<Tokens> {
    return this.mfa.pass(body.mfaToken, body.code);
  }

  @Summary('Begin the enrolment of an authenticator')
  @Post('me/mfa/totp')
  @StepUp()
  @Header('Cache-Control', 'no-store')
  @RespondsWith(201, TotpEnrolment, 'auth.step_up_required', 'auth.mfa_already_enabled')
  begin(@CurrentUser() auth: AuthUser): Promise<TotpEnrolment> {
    return this.mfa.begin(auth);
  }

  @Summary('Confirm the enrolment of an authenticator')
  @Post('me/mfa/totp/confirm')
  @StepUp()
  @Header('Cache-Control', 'no-store')
  @RespondsWith(
    200,
    RecoveryCodes,
    'auth.step_up_required',
    'auth.wrong_code',
    'auth.mfa_not_enabled',
    'auth.mfa_already_enabled',
    'auth.locked',
  )
  async confirm(@CurrentUser() auth: AuthUser, @Body(ConfirmTotp) body: ConfirmTotp): Promise<RecoveryCodes> {
    return { recoveryCodes: await this.mfa.confirm(auth, body.code) };
  }

  @Summary('Remove your authenticator')
  @Delete('me/mfa/totp')
  @StepUp()
  @RespondsWith(204, 'auth.step_up_required', 'auth.mfa_not_enabled')
  async remove(@CurrentUser() auth: AuthUser): Promise<void> {
    await this.mfa.remove(auth);
  }
}
