import { Controller, Delete, Post } from '@nestjs/common';
import { type AuthUser, Body, CurrentUser, RespondsWith, Summary, VerifiedEmail } from '@roost/http';
import { Me } from '../user/user.dto.js';
import { CodeRequestService } from './code-request.service.js';
import { PhoneCode, RequestPhoneCode, VerifyPhone } from './phone.dto.js';
import { PhoneService } from './phone.service.js';

@Controller('v1/me/phone')
export class PhoneController {
  constructor(
    private readonly codes: CodeRequestService,
    private readonly phones: PhoneService,
  ) {}

  @Summary('Request a code for a phone number')
  @Post()
  @VerifiedEmail()
  @RespondsWith(
    202,
    PhoneCode,
    'account.suspended',
    'auth.email_unverified',
    'phone.country_not_supported',
    'phone.not_offered',
    'phone.too_many_codes',
  )
  request(@CurrentUser() auth: AuthUser, @Body(RequestPhoneCode) body: RequestPhoneCode): Promise<PhoneCode> {
    return this.codes.request(auth, body.phone);
  }

  @Summary('Verify your phone number')
  @Post('verify')
  @RespondsWith(200, Me, 'account.suspended', 'phone.code_invalid')
  verify(@CurrentUser() auth: AuthUser, @Body(VerifyPhone) body: VerifyPhone): Promise<Me> {
    return this.phones.verify(auth, body.code);
  }

  @Summary('Remove your phone number')
  @Delete()
  @RespondsWith(204, 'account.suspended')
  async remove(@CurrentUser() auth: AuthUser): Promise<void> {
    await this.phones.remove(auth);
  }
}
