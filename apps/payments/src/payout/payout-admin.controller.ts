import { Controller, Get, Post } from '@nestjs/common';
import { AdminReason } from '@roost/audit';
import {
  type AuthUser,
  Body,
  CurrentUser,
  Page,
  type PageOf,
  Param,
  QueryParams,
  RespondsWith,
  Roles,
  Summary,
  Uuid,
} from '@roost/http';
import { PayoutAdminService } from './payout-admin.service.js';
import { AdminPayoutsQuery, AdminPayoutView } from './payout.dto.js';

@Controller('v1/admin/payouts')
@Roles('admin')
export class PayoutAdminController {
  constructor(private readonly payouts: PayoutAdminService) {}

  @Summary('List payouts')
  @Get()
  @RespondsWith(200, Page(AdminPayoutView), 'auth.forbidden')
  list(@QueryParams(AdminPayoutsQuery) query: AdminPayoutsQuery): Promise<PageOf<AdminPayoutView>> {
    return this.payouts.list(query);
  }

  @Summary('Retry a payout now')
  @Post(':id/retry')
  @RespondsWith(200, AdminPayoutView, 'auth.forbidden', 'payout.not_found', 'payout.wrong_state')
  retry(
    @Param('id', Uuid) id: string,
    @Body(AdminReason) { reason }: AdminReason,
    @CurrentUser() admin: AuthUser,
  ): Promise<AdminPayoutView> {
    return this.payouts.retry(id, reason, admin);
  }
}
