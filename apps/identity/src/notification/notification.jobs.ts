import { Injectable } from '@nestjs/common';
import { SweepEvery } from '@roost/platform';
import { Notifications } from './notification.service.js';

/** The job only wakes: what is due stands in the database. */
@Injectable()
export class NotificationJobs {
  constructor(private readonly notifications: Notifications) {}

  @SweepEvery(5, 'notification.send')
  async send(): Promise<void> {
    await this.notifications.sendDue();
  }
}
