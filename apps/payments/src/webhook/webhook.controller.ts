import { Controller, Post, Req } from '@nestjs/common';
import { RespondsWith, Public, Summary } from '@roost/http';
import { Problem, SystemClock } from '@roost/platform';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ProviderName, ProviderWebhook } from '../provider/provider.port.js';
import { Providers } from '../provider/providers.js';
import { WebhookReceiver } from './webhook-receiver.service.js';

const WebhookReceived = z.object({ received: z.literal(true) }).meta({ id: 'WebhookReceived' });
type WebhookReceived = z.output<typeof WebhookReceived>;

@Controller('v1/webhooks')
export class WebhookController {
  constructor(
    private readonly webhooks: WebhookReceiver,
    private readonly providers: Providers,
    private readonly clock: SystemClock,
  ) {}

  @Summary('Receive a webhook of the sandbox provider')
  @Post('sandbox')
  @Public()
  @RespondsWith(200, WebhookReceived, 'webhook.bad_signature', 'route.not_found')
  sandbox(@Req() request: FastifyRequest): Promise<WebhookReceived> {
    return this.receive('sandbox', request);
  }

  @Summary('Receive a webhook of Stripe')
  @Post('stripe')
  @Public()
  @RespondsWith(200, WebhookReceived, 'webhook.bad_signature', 'route.not_found')
  stripe(@Req() request: FastifyRequest): Promise<WebhookReceived> {
    return this.receive('stripe', request);
  }

  @Summary('Receive a webhook of Paystack')
  @Post('paystack')
  @Public()
  @RespondsWith(200, WebhookReceived, 'route.not_found', 'webhook.bad_signature')
  paystack(@Req() request: FastifyRequest): Promise<WebhookReceived> {
    return this.receive('paystack', request);
  }

  private async receive(provider: ProviderName, request: FastifyRequest): Promise<WebhookReceived> {
    if (!this.providers.find(provider)) throw new Problem('route.not_found');
    const raw = request.rawBody ?? Buffer.alloc(0);
    const webhook = this.read(provider, raw, request);
    await this.webhooks.store(provider, webhook, raw.toString());
    return { received: true };
  }

  private read(name: ProviderName, raw: Buffer, request: FastifyRequest): ProviderWebhook {
    const provider = this.providers.all.find((each) => each.name === name);
    if (!provider) throw new Problem('route.not_found');
    let webhook: ProviderWebhook | null;
    try {
      webhook = provider.readWebhook(raw, request.headers, this.clock.now());
    } catch {
      // The signature is valid, but the body is not a webhook.
      throw new Problem('request.invalid');
    }
    if (!webhook) throw new Problem('webhook.bad_signature');
    return webhook;
  }
}
