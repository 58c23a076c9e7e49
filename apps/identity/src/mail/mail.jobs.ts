import { Injectable } from '@nestjs/common';
import { SweepEvery } from '@roost/platform';
import { MailDelivery } from './mail.delivery.js';

@Injectable()
export class MailJobs {
  constructor(private readonly delivery: MailDelivery) {}

  @SweepEvery(10, 'mail.send')
  async send(): Promise<void> {
    await this.delivery.sendDue();
  }
}
