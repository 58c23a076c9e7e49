import { Controller, Post } from '@nestjs/common';
import { RespondsWith, type AuthUser, Body, CurrentUser, Public, StepUp, Summary } from '@roost/http';
import { ChangeEmail, ConfirmEmailChange } from './email-change.dto.js';
import { EmailChangeService } from './email-change.service.js';

@Controller('v1')
export class EmailChangeController {
  constructor(private readonly changes: EmailChangeService) {}

  @Summary('Request a change of your email address')
  @Post('me/email')
  @StepUp()
  @RespondsWith(202, 'account.suspended', 'auth.step_up_required')
  async begin(@CurrentUser() auth: AuthUser, @Body(ChangeEmail) body: ChangeEmail): Promise<void> {
    await this.changes.begin(auth, body.email);
  }

  @Public()
  @Summary('Confirm a change of an email address')
  @Post('auth/confirm-email-change')
  @RespondsWith(204, 'auth.link_invalid')
  async confirm(@Body(ConfirmEmailChange) body: ConfirmEmailChange): Promise<void> {
    await this.changes.confirm(body.token);
  }
}
