import { Controller, Get, Put } from '@nestjs/common';
import {
  type AuthUser,
  Body,
  CurrentUser,
  Page,
  type PageOf,
  QueryParams,
  RespondsWith,
  Roles,
  StepUp,
  Summary,
  VerifiedEmail,
} from '@roost/http';
import { PayoutAccountList, PayoutAccountView, SetPayoutAccount } from './payout-account.dto.js';
import { PayoutAccountService } from './payout-account.service.js';
import { PayoutReader } from './payout-reader.service.js';
import { PayoutsQuery, PayoutView } from './payout.dto.js';

@Controller('v1/me')
@Roles('host')
export class PayoutController {
  constructor(
    private readonly accounts: PayoutAccountService,
    private readonly reader: PayoutReader,
  ) {}

  @Summary('Set your payout account of a currency')
  @Put('payout-account')
  @StepUp()
  @VerifiedEmail()
  @RespondsWith(
    200,
    PayoutAccountView,
    'auth.forbidden',
    'auth.step_up_required',
    'payout.provider_not_enabled',
  )
  setAccount(
    @Body(SetPayoutAccount) body: SetPayoutAccount,
    @CurrentUser() host: AuthUser,
  ): Promise<PayoutAccountView> {
    return this.accounts.set(host.id, body);
  }

  @Summary('List your payout accounts')
  @Get('payout-account')
  @RespondsWith(200, PayoutAccountList, 'auth.forbidden')
  async listAccounts(@CurrentUser() host: AuthUser): Promise<PayoutAccountList> {
    return { data: await this.accounts.list(host.id) };
  }

  @Summary('List your payouts, upcoming ones first')
  @Get('payouts')
  @RespondsWith(200, Page(PayoutView), 'auth.forbidden')
  list(
    @QueryParams(PayoutsQuery) query: PayoutsQuery,
    @CurrentUser() host: AuthUser,
  ): Promise<PageOf<PayoutView>> {
    return this.reader.list(host.id, query);
  }
}
