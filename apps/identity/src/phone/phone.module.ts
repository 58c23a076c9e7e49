import { Module } from '@nestjs/common';
import { CONFIG, SystemClock } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import type { IdentityConfig } from '../config.js';
import { CredentialModule } from '../credential/credential.module.js';
import { SessionModule } from '../session/session.module.js';
import { UserModule } from '../user/user.module.js';
import { CodeAdmissionService } from './code-admission.service.js';
import { CodeRequestService } from './code-request.service.js';
import { PhoneController } from './phone.controller.js';
import { PhoneResolver } from './phone.resolver.js';
import { PhoneService } from './phone.service.js';
import { SmsSender } from './sms-sender.port.js';
import { TextDeliveryService } from './text-delivery.service.js';
import { WebhookSmsSender } from './webhook-sms-sender.js';

function createSmsSender(config: IdentityConfig, clock: SystemClock, tracing: Tracing): SmsSender | null {
  const { SMS_WEBHOOK_URL: url, SMS_WEBHOOK_SECRET: secret } = config;
  return url === undefined || secret === undefined
    ? null
    : new WebhookSmsSender({ url, secret }, clock, tracing);
}

@Module({
  imports: [CredentialModule, SessionModule, UserModule],
  controllers: [PhoneController],
  providers: [
    PhoneService,
    CodeRequestService,
    CodeAdmissionService,
    PhoneResolver,
    TextDeliveryService,
    { provide: SmsSender, useFactory: createSmsSender, inject: [CONFIG, SystemClock, Tracing] },
  ],
})
export class PhoneModule {}
