import { Injectable } from '@nestjs/common';
import { SweepEvery } from '@roost/platform';
import { MailDeliveryService } from './mail-delivery.service.js';

@Injectable()
export class MailJobs {
  constructor(private readonly delivery: MailDeliveryService) {}

  @SweepEvery(10, 'mail.send')
  async send(): Promise<void> {
    await this.delivery.sendDue();
  }
}
