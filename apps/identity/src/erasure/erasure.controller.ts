import { Controller, Delete } from '@nestjs/common';
import { type AuthUser, CurrentUser, RespondsWith, StepUp, Summary } from '@roost/http';
import { ErasureService } from './erasure.service.js';

@Controller('v1')
export class ErasureController {
  constructor(private readonly erasures: ErasureService) {}

  @Summary('Erase your account')
  @Delete('me')
  @StepUp()
  @RespondsWith(202, 'account.suspended', 'auth.step_up_required', 'user.has_obligations')
  async erase(@CurrentUser() auth: AuthUser): Promise<void> {
    await this.erasures.request(auth);
  }
}
