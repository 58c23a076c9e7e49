import { Controller, Headers, Post } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { acceptedLanguages, RespondsWith, Body, Public, Summary } from '@roost/http';
import { ACCEPT_LANGUAGE } from '../user/accept-language.js';
import { Register, ResendVerification, VerifyEmail } from './registration.dto.js';
import { RegistrationService } from './registration.service.js';

@Public()
@Controller('v1/auth')
export class RegistrationController {
  constructor(private readonly registration: RegistrationService) {}

  @Summary('Register an account')
  @Post('register')
  @ApiHeader(ACCEPT_LANGUAGE)
  @RespondsWith(202, 'auth.password_too_common')
  async register(
    @Body(Register) body: Register,
    @Headers() headers: Record<string, string | undefined>,
  ): Promise<void> {
    await this.registration.register(body, acceptedLanguages(headers['accept-language']));
  }

  @Summary('Verify an email address')
  @Post('verify-email')
  @RespondsWith(204, 'auth.link_invalid')
  async verifyEmail(@Body(VerifyEmail) body: VerifyEmail): Promise<void> {
    await this.registration.verifyEmail(body.token);
  }

  @Summary('Send the verification email again')
  @Post('resend-verification')
  @RespondsWith(202)
  async resendVerification(@Body(ResendVerification) body: ResendVerification): Promise<void> {
    await this.registration.resendVerification(body.email);
  }
}
