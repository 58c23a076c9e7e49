import { Controller, Post } from '@nestjs/common';
import { RespondsWith, type AuthUser, Body, CurrentUser, Public, Summary } from '@roost/http';
import { ChangePassword, ForgotPassword, ResetPassword } from './password.dto.js';
import { PasswordService } from './password.service.js';

@Controller('v1')
export class PasswordController {
  constructor(private readonly passwords: PasswordService) {}

  @Public()
  @Summary('Request a password reset')
  @Post('auth/forgot-password')
  @RespondsWith(202)
  async forgot(@Body(ForgotPassword) body: ForgotPassword): Promise<void> {
    await this.passwords.forgot(body.email);
  }

  @Public()
  @Summary('Reset a password')
  @Post('auth/reset-password')
  @RespondsWith(204, 'auth.link_invalid', 'auth.password_too_common')
  async reset(@Body(ResetPassword) body: ResetPassword): Promise<void> {
    await this.passwords.reset(body);
  }

  @Summary('Change your password')
  @Post('me/password')
  @RespondsWith(204, 'auth.wrong_password', 'auth.locked', 'auth.password_too_common')
  async change(@CurrentUser() auth: AuthUser, @Body(ChangePassword) body: ChangePassword): Promise<void> {
    await this.passwords.change(auth, body);
  }
}
