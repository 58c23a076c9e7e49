import { Injectable } from '@nestjs/common';
import { SweepEvery } from '@roost/platform';
import { NotificationService } from './notification.service.js';

/** The job carries no data: the due notifications are read from the database. */
@Injectable()
export class NotificationJobs {
  constructor(private readonly notifications: NotificationService) {}

  @SweepEvery(5, 'notification.send')
  async send(): Promise<void> {
    await this.notifications.sendDue();
  }
}
