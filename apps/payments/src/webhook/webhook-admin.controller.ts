import { Controller, Get, Post } from '@nestjs/common';
import { AdminReason } from '@roost/audit';
import {
  type AuthUser,
  Body,
  CurrentUser,
  type PageOf,
  Param,
  QueryParams,
  RespondsWith,
  Roles,
  Summary,
} from '@roost/http';
import type { ProviderName } from '../provider/provider.port.js';
import { WebhookId, WebhookPage, WebhookProvider, WebhooksQuery, WebhookView } from './webhook-admin.dto.js';
import { WebhookAdminService } from './webhook-admin.service.js';

@Controller('v1/admin/webhooks')
@Roles('admin')
export class WebhookAdminController {
  constructor(private readonly webhooks: WebhookAdminService) {}

  @Summary('List the webhooks of the payment providers')
  @Get()
  @RespondsWith(200, WebhookPage, 'auth.forbidden')
  list(@QueryParams(WebhooksQuery) query: WebhooksQuery): Promise<PageOf<WebhookView>> {
    return this.webhooks.list(query);
  }

  @Summary('Read a webhook of a payment provider')
  @Get(':provider/:id')
  @RespondsWith(200, WebhookView, 'auth.forbidden', 'webhook.not_found')
  one(
    @Param('provider', WebhookProvider) provider: ProviderName,
    @Param('id', WebhookId) id: string,
  ): Promise<WebhookView> {
    return this.webhooks.find({ provider, id });
  }

  @Summary('Handle a webhook again')
  @Post(':provider/:id/replay')
  @RespondsWith(200, WebhookView, 'auth.forbidden', 'webhook.not_found', 'payment.provider_unavailable')
  replay(
    @Param('provider', WebhookProvider) provider: ProviderName,
    @Param('id', WebhookId) id: string,
    @Body(AdminReason) { reason }: AdminReason,
    @CurrentUser() actor: AuthUser,
  ): Promise<WebhookView> {
    return this.webhooks.replay({ provider, id }, { actor, reason });
  }

  @Summary('Close a parked webhook without effect')
  @Post(':provider/:id/dismiss')
  @RespondsWith(200, WebhookView, 'auth.forbidden', 'webhook.not_found', 'webhook.not_parked')
  dismiss(
    @Param('provider', WebhookProvider) provider: ProviderName,
    @Param('id', WebhookId) id: string,
    @Body(AdminReason) { reason }: AdminReason,
    @CurrentUser() actor: AuthUser,
  ): Promise<WebhookView> {
    return this.webhooks.dismiss({ provider, id }, { actor, reason });
  }
}
